"""Calls from annotations, and edge cases by type; no token is spent and nothing is run."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from pipeline.inputs.shapes import (
    INT,
    LIST_OF_INT,
    LIST_OF_STR,
    STR,
    Fresh,
    Shape,
    annotated,
    shape_of,
)
from pipeline.syntax.text import parse
from sandbox.api import Call

GUESSES = (INT, STR, LIST_OF_INT, LIST_OF_STR)
MOST_GUESSED = 3
"""Parameters of a function whose kinds are guessed together."""
N_ROUNDS = 8
Slots = Sequence[tuple[Shape, ...]]
"""For each argument the shapes that it may have; () where nothing says."""


def edge_calls(calls: Sequence[Call], *, n: int) -> tuple[Call, ...]:
    """Calls in which one argument is an edge case of its type; the rest as it was."""
    made: dict[str, Call] = {}
    for call in calls:
        for index, arg in enumerate(call.args):
            for edge in _edges_like(arg):
                args = (*call.args[:index], edge, *call.args[index + 1 :])
                new = replace(call, args=args)
                made.setdefault(repr(new), new)
    known = {repr(call) for call in calls}
    fresh = [call for key, call in made.items() if key not in known]
    return tuple(Random(0).sample(fresh, min(n, len(fresh))))


def _edges_like(value: object) -> Sequence[object]:
    """Edge cases of a type; of a sequence with items of the kind it holds."""
    if isinstance(value, list) and value:
        item, other = value[0], value[-1]
        return ([], [item], [other, item], [item, item], [*value, *value])
    return Fresh(rng=Random(0)).edges(shape_of(value))


def typed_calls(entry: str, slots: Slots, *, seed: int, n: int) -> tuple[Call, ...]:
    """Calls with arguments of the given shapes; none where one of them is not known."""
    if not slots or not all(slots):
        return ()
    fresh = Fresh(rng=Random(seed))
    drawn = (_call(entry, slots, fresh) for _ in range(4 * n))
    return tuple({repr(call): call for call in drawn}.values())[:n]


def guessed_calls(entry: str, slots: Slots, *, seed: int, n: int) -> tuple[Call, ...]:
    """The same where shapes are not known: every kind of value is tried in turn for those.

    Most do not fit; which ones do, the candidates show.
    """
    if not 0 < len(slots) <= MOST_GUESSED:
        return ()
    fresh = Fresh(rng=Random(seed))
    kinds = [[slot] if slot else [(guess,) for guess in GUESSES] for slot in slots]
    combinations = list(itertools.product(*kinds))
    fresh.rng.shuffle(combinations)
    drawn = (_call(entry, kind, fresh) for _ in range(N_ROUNDS) for kind in combinations)
    return tuple({repr(call): call for call in drawn}.values())[:n]


def _call(entry: str, slots: Slots, fresh: Fresh) -> Call:
    args = (fresh.value(fresh.rng.choice(shapes)) for shapes in slots)
    return Call(entry=entry, args=tuple(args))


def slots_of(source: str, entry: str) -> tuple[tuple[Shape, ...], ...]:
    """What the annotations say of each parameter that a caller must fill in; () where none is
    found.
    """
    node = _definition(source, entry.rpartition(".")[2])
    if node is None:
        return ()
    params = [*node.args.posonlyargs, *node.args.args]
    if params and "." in entry and params[0].arg in ("self", "cls"):
        params = params[1:]
    needed = len(params) - len(node.args.defaults)
    return tuple(annotated(param.annotation) for param in params[:needed])


def _definition(source: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for text in (source, source + "\n    pass\n", source.rstrip() + " pass\n"):
        tree = parse(text)
        for node in reversed([*ast.walk(tree)] if tree else []):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                return node
    return None
