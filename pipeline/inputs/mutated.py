"""Inputs at no token cost: typed mutation of the calls that the visible tests make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from sandbox.api import Call

N_INPUTS = 40
LONGEST = 200
"""Characters of an input's repr; longer ones are left out."""


def mutated_calls(calls: Sequence[Call], *, seed: int, n: int = N_INPUTS) -> tuple[Call, ...]:
    """Up to `n` new calls of the same shape; the same arguments give the same calls."""
    rng = Random(seed)
    known = {repr(call) for call in calls}
    made: list[Call] = []
    for _ in range(8 * n):
        if len(made) == n or not calls:
            break
        call = rng.choice(calls)
        args = tuple(mutated(a, rng) if rng.random() < 0.7 else a for a in call.args)
        kwargs = {k: mutated(v, rng) if rng.random() < 0.7 else v for k, v in call.kwargs.items()}
        new = replace(call, args=args, kwargs=kwargs)
        if repr(new) not in known and len(repr(new)) <= LONGEST:
            known.add(repr(new))
            made.append(new)
    return tuple(made)


def mutated(value: object, rng: Random) -> object:
    """A value of the same type, near `value`; one of an unknown type as it is."""
    mutate = _MUTATIONS.get(type(value))
    return mutate(value, rng) if mutate else value


def _bool(value: bool, rng: Random) -> bool:
    return not value


def _int(value: int, rng: Random) -> int:
    small = rng.randint(-3, 12)
    return rng.choice((value + 1, value - 1, 0, 1, 2, -value, 2 * value, value // 2, small))


def _float(value: float, rng: Random) -> float:
    return rng.choice((value + 1, value - 1, 0.0, -value, value / 2, round(value, 1) + 0.1))


def _str(value: str, rng: Random) -> str:
    at = rng.randrange(len(value) + 1)
    letter = rng.choice([*value, "a", "b", " ", "A", "0"])
    shuffled = "".join(rng.sample(value, len(value)))
    cut = value[:at] + value[at + 1 :]
    grown = value[:at] + letter + value[at:]
    return rng.choice(("", value[:at], value[at:], cut, grown, shuffled, value[::-1], value * 2))


def _list(value: list[object], rng: Random) -> list[object]:
    if not value:
        return list(value)
    at = rng.randrange(len(value))
    other = mutated(rng.choice(value), rng)
    changes: tuple[list[object], ...] = (
        [],
        value[:at] + value[at + 1 :],
        [*value[:at], mutated(value[at], rng), *value[at + 1 :]],
        [*value, other],
        [value[at], *value],
        rng.sample(value, len(value)),
        value[::-1],
        value[: at + 1],
    )
    return list(rng.choice(changes))


def _tuple(value: tuple[object, ...], rng: Random) -> tuple[object, ...]:
    """The length often means something (a pair, a point): only the items change."""
    return tuple(mutated(item, rng) if rng.random() < 0.6 else item for item in value)


def _set(value: set[object], rng: Random) -> set[object]:
    return set(_list(sorted(value, key=repr), rng))


def _dict(value: dict[object, object], rng: Random) -> dict[object, object]:
    items: list[object] = [*value.items()]
    kept = [item for item in items if rng.random() < 0.8]
    pairs = [item for item in kept if isinstance(item, tuple)]
    return {k: mutated(v, rng) if rng.random() < 0.5 else v for k, v in pairs}


_MUTATIONS: dict[type, Callable[..., object]] = {
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    list: _list,
    tuple: _tuple,
    set: _set,
    dict: _dict,
}
