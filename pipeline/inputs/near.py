"""Calls that differ from one that somebody wrote in one argument, as the next row of a table does:
another number in a date, the separator of another row, a word more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from sandbox.api import Call

MOST_KNOWN = 40
"""Calls that others are made from."""
_RUN = re.compile(r"\d+|[^\W\d]+|\s+|.", re.DOTALL)
WORD = "other"
LARGE = 100_000
"""From here on nothing is tried that is larger still: it takes long, or all memory."""


def near_calls(known: Sequence[Call], *, seed: int, n: int) -> tuple[Call, ...]:
    """Up to `n` new calls, in an order that `seed` gives; no two are the same."""
    rng = Random(seed)
    found: dict[str, Call] = {}
    for call in known[:MOST_KNOWN]:
        for at, value in enumerate(call.args):
            column = [one.args[at] for one in known if len(one.args) > at]
            for new in (*column, *near(value)):
                made = replace(call, args=(*call.args[:at], new, *call.args[at + 1 :]))
                found.setdefault(repr(made), made)
        for name, value in call.kwargs.items():
            column = [one.kwargs[name] for one in known if name in one.kwargs]
            for new in (*column, *near(value)):
                made = replace(call, kwargs={**call.kwargs, name: new})
                found.setdefault(repr(made), made)
    for call in known:
        found.pop(repr(call), None)
    made_of_all = list(found.values())
    return tuple(made_of_all if len(made_of_all) <= n else rng.sample(made_of_all, n))


def near(value: object) -> Iterator[object]:
    """Values of the same kind with one thing changed."""
    match value:
        case bool():
            yield not value
        case int():
            larger = (2 * value, 10 * value) if abs(value) < LARGE else ()
            yield from dict.fromkeys((value + 1, value - 1, *larger, -value, 0))
        case float():
            yield from dict.fromkeys((value + 1, 2 * value, 10 * value, -value, float(int(value))))
        case str():
            yield from near_texts(value)
        case bytes():
            yield from (text.encode() for text in near_texts(value.decode("latin-1")))
        case list() | tuple():
            yield from _near_items(value)
        case dict():
            yield from _near_dict(value)


def near_texts(text: str) -> Iterator[str]:
    """One run of digits, of letters or of white space is another, or is not there."""
    runs = _RUN.findall(text)
    for at, run in enumerate(runs):
        before, after = "".join(runs[:at]), "".join(runs[at + 1 :])
        yield from (f"{before}{one}{after}" for one in _near_run(run))
        yield before + after
    yield from (text.upper(), text.lower(), f" {text}", f"{text} {WORD}", text + text)


def _near_run(run: str) -> Iterator[str]:
    if run.isdecimal() and run.isascii():
        yield from (str(int(run) + step).zfill(len(run)) for step in (1, 9))
        yield f"{run}0"
    elif run.isalpha():
        yield from (WORD, run.upper(), run.lower(), run.capitalize(), run[:1], run * 2)
    elif run.isspace():
        yield run * 2
    else:
        yield from (run * 2, "-", ",", ".")


def _near_items(items: list[object] | tuple[object, ...]) -> Iterator[object]:
    kind = type(items)
    yield kind(items[1:])
    yield kind(items[:-1])
    yield kind(items[::-1])
    yield kind([*items, *items[:1]])
    for at, item in enumerate(items[:3]):
        for new in list(near(item))[:4]:
            yield kind([*items[:at], new, *items[at + 1 :]])


def _near_dict(items: dict[object, object]) -> Iterator[object]:
    for key, value in list(items.items())[:4]:
        yield {k: v for k, v in items.items() if k != key}
        for new in list(near(value))[:4]:
            yield {**items, key: new}
