"""One concrete function made from a family or a join, and the running of its (our own) bodies."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from keyword import iskeyword
from random import Random
from typing import Any

from pipeline.training.nano import families
from pipeline.training.nano.family import Family
from pipeline.training.nano.values import KINDS, WORDS, value

HELD_OUT_PERCENT = 13
GENERIC_NAMES = ("f", "func", "g", "solve", "solution", "compute", "run", "answer", "calc", "task")
RUN_S = 0.3
RAISED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    NameError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
)
"""What a short body without input or output can raise."""


@dataclass(frozen=True, kw_only=True)
class Instance:
    key: str
    name: str
    params: tuple[str, ...]
    kinds: tuple[str, ...]
    wording: str
    body: str
    idea: str
    also: str = ""
    """Another wording of the same, for a second sentence."""
    wrong: tuple[str, ...] = ()
    styles: tuple[tuple[str, str], ...] = ()
    """(name of a perturbation, body that follows it), where a body depends on the framing."""
    ideas: tuple[str, ...] = ()
    """Other ways to say how, for plans."""


class Slow(BaseException):
    """A body ran past its time; BaseException, so that no body can catch it."""


def all_families() -> tuple[Family, ...]:
    """Every family of the folder, by key. Raises ValueError for a repeated key."""
    found: dict[str, Family] = {}
    for module in pkgutil.iter_modules(families.__path__):
        table = importlib.import_module(f"{families.__name__}.{module.name}")
        for family in table.FAMILIES:
            if family.key in found:
                raise ValueError(f"family key {family.key!r} is used twice; rename one")
            found[family.key] = family
    return tuple(found[key] for key in sorted(found))


def percent(key: str) -> int:
    """A stable number 0..99 for a key: decides what is held out."""
    return int(sha256(key.encode()).hexdigest()[:8], 16) % 100


def is_held_out(key: str) -> bool:
    return percent(key) < HELD_OUT_PERCENT


def training_wordings(family: Family) -> tuple[str, ...]:
    """All wordings but the one that the hash of the key holds out."""
    held = held_out_wording(family)
    return tuple(w for w in family.wordings if w != held)


def held_out_wording(family: Family) -> str:
    return family.wordings[percent("wording " + family.key) % len(family.wordings)]


def training_names(family: Family) -> tuple[str, ...]:
    """All function names but the last, which only the bench uses."""
    return family.names[:-1]


def instantiate(
    family: Family,
    rng: Random,
    *,
    wordings: Sequence[str] = (),
    names: Sequence[str] = (),
    odd_params: float = 0.0,
) -> Instance:
    """Fill the templates with random names and constants; `wordings` and `names` default to all.

    With a chance of `odd_params` a parameter is called by any word that the body does not use.
    """
    consts = {name: rng.choice(values) for name, values in family.consts.items()}
    chosen = _param_names(family, rng, odd_params)
    fill = {letter: name for letter, name in zip(string.ascii_lowercase, chosen, strict=False)}
    fill |= {name: str(constant) for name, constant in consts.items()}

    def say(text: str) -> str:
        return string.Template(text).substitute(fill)

    name = say(rng.choice(names or family.names))
    allowed = wordings or family.wordings
    return Instance(
        key=family.key,
        name=name if name not in chosen else f"get_{name}",
        params=chosen,
        kinds=tuple(p.kind for p in family.params),
        wording=say(rng.choice(allowed)),
        also=say(rng.choice(allowed)),
        body=say(family.body).strip("\n"),
        idea=say(family.idea),
        wrong=tuple(say(w).strip("\n") for w in family.wrong),
    )


def _param_names(family: Family, rng: Random, odd: float) -> tuple[str, ...]:
    chosen: list[str] = []
    used = set(re.findall(r"\w+", " ".join((family.body, *family.wrong, *family.names))))
    for param in family.params:
        free = [n for n in param.names if n not in chosen]
        words = [w for w in WORDS if w not in used and w not in chosen and not iskeyword(w)]
        chosen.append(rng.choice(words if rng.random() < odd else free))
    return tuple(chosen)


def arguments(instance: Instance, rng: Random) -> tuple[Any, ...]:
    return tuple(value(kind, rng) for kind in instance.kinds)


def call_text(name: str, args: Sequence[Any]) -> str:
    return f"{name}({', '.join(repr(a) for a in args)})"


def code_text(instance: Instance, body: str, *, signature: str = "") -> str:
    """The function without docstring."""
    head = signature or f"def {instance.name}({', '.join(instance.params)}):"
    return head + "\n" + indented(body)


def indented(body: str) -> str:
    return "\n".join("    " + line if line.strip() else line for line in body.splitlines())


class Function:
    """A body ready to be called with the source of its arguments, within a time limit."""

    def __init__(self, name: str, code: str) -> None:
        self._space: dict[str, Any] = {}
        self._name = name
        self.message = ""
        """Text of the last exception."""
        exec(compile(code, name, "exec"), self._space)

    def outcome(self, args: Sequence[Any]) -> tuple[str, Any]:
        """("gives", value) or ("raises", class name); arguments are copied first. Raises Slow."""
        copied = ast.literal_eval(repr(tuple(args)))
        with time_limit(RUN_S):
            try:
                return "gives", self._space[self._name](*copied)
            except RAISED as exc:
                self.message = str(exc)
                return "raises", type(exc).__name__


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def is_plain(result: object) -> bool:
    """Its repr reads back as itself, and is the same on every run."""
    if isinstance(result, set | frozenset):
        return False
    try:
        return bool(ast.literal_eval(repr(result)) == result)
    except (ValueError, SyntaxError):
        return False


def faults(family: Family, n: int = 20) -> list[str]:
    """What is wrong with a family, one line each, from running its body on `n` random instances."""
    found = [f"unknown kind {p.kind!r}" for p in family.params if p.kind not in KINDS]
    if len(family.wordings) < 2 or len(family.names) < 2:
        found.append("needs two wordings and two names at least")
    if found:
        return found
    for seed in range(n):
        try:
            found += _run_faults(family, seed)
        except (KeyError, ValueError, SyntaxError, IndexError) as exc:
            found.append(f"{type(exc).__name__}: {exc}")
    return sorted(set(found))


def _run_faults(family: Family, seed: int) -> list[str]:
    """Faults of one instance; the result must not depend on what the parameters are called."""
    first, second = instantiate(family, Random(seed)), _renamed(family, seed)
    if not first.name.isidentifier():
        return [f"name {first.name!r} is no identifier"]
    one = Function(first.name, code_text(first, first.body))
    two = Function(second.name, code_text(second, second.body))
    found = []
    rng = Random(seed)
    for _ in range(5):
        args = arguments(first, rng)
        try:
            how, result = one.outcome(args)
            again = two.outcome(args)
        except Slow:
            return [f"too slow on {args!r}"]
        if how == "raises":
            found.append(f"raises {result} on {call_text(first.name, args)}")
        elif not is_plain(result):
            found.append(f"result {result!r} is no plain value")
        elif again != (how, result):
            found.append(f"depends on parameter names: {first.params} or {second.params}")
    return found


def _renamed(family: Family, seed: int) -> Instance:
    """The same constants as `instantiate(family, Random(seed))`, other parameter names."""
    rng = Random(seed)
    consts = {name: (rng.choice(values),) for name, values in family.consts.items()}
    same = Family(**{**family.__dict__, "consts": consts})
    return instantiate(same, Random(seed + 1000))
