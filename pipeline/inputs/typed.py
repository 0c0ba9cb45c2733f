"""Inputs from annotations, and edge cases by type; no token is spent and nothing is run."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random

from pipeline.source.text import parse, parse_expression
from sandbox.api import Call

EDGES: Mapping[type, tuple[object, ...]] = {
    bool: (True, False),
    int: (0, 1, -1, 2, 7, 10, 100),
    float: (0.0, 1.0, -1.5, 0.5, 3.14),
    str: ("", "a", "A", "ab", "aba", "hello world", "Abc 12", "  ", "()", "1"),
    list: ([], [1], [1, 2], [2, 1], [1, 1], [0, -1, 3, 3]),
    tuple: ((), (1, 2)),
    dict: ({}, {"a": 1}),
}
WORDS = ("", "a", "b", "ab", "ba", "aba", "Abc", "hello", "x y", "10", "race car", "The cat")
GUESSES = ("int", "str", "list[int]", "list[str]")
MOST_GUESSED = 3
"""Parameters of a function whose kinds are guessed together."""
_Make = Callable[[Random], object]


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


def _edges_like(value: object) -> tuple[object, ...]:
    """Edge cases of a type; of a sequence with items of the kind it holds."""
    if isinstance(value, list) and value:
        item, other = value[0], value[-1]
        return ([], [item], [other, item], [item, item], [*value, *value])
    return EDGES.get(type(value), ())


def typed_calls(
    entry: str, annotations: Sequence[str | None], *, seed: int, n: int
) -> tuple[Call, ...]:
    """Calls with arguments drawn from the annotations; none where one of them says nothing."""
    makers = [_maker(_parsed(text)) for text in annotations]
    if not makers or any(make is None for make in makers):
        return ()
    rng = Random(seed)
    made: dict[str, Call] = {}
    for _ in range(4 * n):
        if len(made) == n:
            break
        call = Call(entry=entry, args=tuple(make(rng) for make in makers if make))
        made.setdefault(repr(call), call)
    return tuple(made.values())


def guessed_calls(
    entry: str, annotations: Sequence[str | None], *, seed: int, n: int
) -> tuple[Call, ...]:
    """The same where annotations are missing: every kind of value is tried in turn for those.

    Most do not fit; which ones do, the candidates show.
    """
    if not 0 < len(annotations) <= MOST_GUESSED:
        return ()
    rng = Random(seed)
    kinds = [[text] if _maker(_parsed(text)) else GUESSES for text in annotations]
    combinations = list(itertools.product(*kinds))
    rng.shuffle(combinations)
    made: dict[str, Call] = {}
    for _ in range(8):
        for kind in combinations:
            makers = [_maker(_parsed(text)) for text in kind]
            call = Call(entry=entry, args=tuple(make(rng) for make in makers if make))
            if len(made) < n:
                made.setdefault(repr(call), call)
    return tuple(made.values())


def annotations_of(source: str, entry: str) -> tuple[str | None, ...]:
    """The annotation text of each parameter that a caller fills in; empty where none is found."""
    node = _definition(source, entry.rpartition(".")[2])
    if node is None:
        return ()
    params = [*node.args.posonlyargs, *node.args.args]
    if params and "." in entry and params[0].arg in ("self", "cls"):
        params = params[1:]
    needed = len(params) - len(node.args.defaults)
    return tuple(ast.unparse(p.annotation) if p.annotation else None for p in params[:needed])


def _definition(source: str, name: str) -> ast.FunctionDef | None:
    for text in (source, source + "\n    pass\n", source.rstrip() + " pass\n"):
        tree = parse(text)
        if tree is None:
            continue
        found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name]
        return found[-1] if found else None
    return None


def _parsed(text: str | None) -> ast.expr | None:
    return None if text is None else parse_expression(text)


def _maker(node: ast.expr | None) -> _Make | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _PLAIN.get(name)
        case ast.Constant(value=None):
            return lambda _rng: None
        case ast.Constant(value=str(text)):
            return _maker(_parsed(text))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _either([left, right])
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return _generic(name.lower(), parts)
    return None


def _generic(name: str, parts: Sequence[ast.expr]) -> _Make | None:
    if name in ("optional", "union"):
        return _either([*parts, *([ast.Constant(value=None)] if name == "optional" else [])])
    if name == "tuple" and any(isinstance(p, ast.Constant) and p.value is ... for p in parts):
        parts = [parts[0], parts[0]]
    makers = [_maker(part) for part in parts]
    known = [make for make in makers if make]
    if len(known) != len(makers) or not known:
        return None
    if name == "tuple":
        return lambda rng: tuple(make(rng) for make in known)
    if name in ("list", "sequence", "iterable"):
        return lambda rng: [known[0](rng) for _ in range(rng.choice((0, 1, 2, 3, 4, 6)))]
    if name == "set":
        return lambda rng: {known[0](rng) for _ in range(rng.randrange(4))}
    if name in ("dict", "mapping") and len(known) == 2:
        return lambda rng: {known[0](rng): known[1](rng) for _ in range(rng.randrange(4))}
    return None


def _either(parts: Sequence[ast.expr]) -> _Make | None:
    makers = [make for make in map(_maker, parts) if make]
    return (lambda rng: rng.choice(makers)(rng)) if makers else None


_PLAIN: Mapping[str, _Make] = {
    "int": lambda rng: rng.choice((0, 1, 2, 3, rng.randint(-5, 20), rng.randint(0, 100))),
    "float": lambda rng: round(rng.uniform(-5, 20), rng.choice((0, 1, 2))),
    "str": lambda rng: rng.choice((*WORDS, "".join(rng.choice("abAB 1") for _ in range(5)))),
    "bool": lambda rng: rng.random() < 0.5,
    "list": lambda rng: [rng.randint(-3, 9) for _ in range(rng.choice((0, 1, 2, 3, 5)))],
    "List": lambda rng: [rng.randint(-3, 9) for _ in range(rng.choice((0, 1, 2, 3, 5)))],
    "dict": lambda rng: {rng.choice(WORDS): rng.randint(0, 9) for _ in range(rng.randrange(4))},
}
