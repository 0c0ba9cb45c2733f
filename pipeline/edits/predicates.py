"""Conditions and small expressions that a place in a function could use."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from pipeline.edits.finder import Finder
from pipeline.edits.scope import base, element, fits

LONGEST_ATOM = 28
MOST_ATOMS = 16
MOST_CONDITIONS = 160
PARITY = 0.03
"""How much less likely a test of parity is where nothing speaks of it: it splits any examples."""
Weighed = tuple[str, float]
_TESTS_OF_NUMBERS = (
    ("{} == 0", 1.0),
    ("{} == 1", 0.8),
    ("{} > 0", 1.0),
    ("{} < 0", 1.0),
    ("{} <= 0", 0.6),
    ("{} >= 0", 0.4),
    ("{} <= 1", 0.6),
    ("{} < 2", 0.6),
    ("{} > 1", 0.4),
    ("{} % 2 == 0", 0.8),
    ("{} % 2 == 1", 0.8),
    ("{} % 2 != 0", 0.3),
    ("{} != 0", 0.3),
)
_TESTS_OF_SIZED = (
    ("not {}", 1.5),
    ("{}", 0.8),
    ("len({}) == 1", 0.7),
    ("len({}) < 2", 0.5),
    ("len({}) > 1", 0.4),
    ("len({}) % 2 == 0", 0.4),
    ("len({}) % 2 == 1", 0.3),
)
_TESTS_OF_TEXT = (
    ("{}.isalpha()", 0.5),
    ("{}.isdigit()", 0.4),
    ("{}.isupper()", 0.4),
    ("{}.islower()", 0.3),
    ("{} == ' '", 0.2),
)
_TESTS_OF_UNKNOWN = (
    ("not {}", 1.0),
    ("{}", 0.8),
    ("{} is None", 0.6),
    ("{} == 0", 0.5),
    ("{} > 0", 0.5),
    ("{} < 0", 0.5),
    ("{} % 2 == 0", 0.3),
    ("len({}) == 1", 0.3),
)


def conditions(finder: Finder, place: ast.AST) -> list[Weighed]:
    """Conditions over what `place` can see, with weights; the likeliest first."""
    found: dict[str, float] = {}
    for text, weight in itertools.chain(
        _existing(finder, place), _of_one(finder, place), _of_two(finder, place)
    ):
        found[text] = max(found.get(text, 0.0), weight)
    return sorted(found.items(), key=lambda pair: -pair[1])[:MOST_CONDITIONS]


def _existing(finder: Finder, place: ast.AST) -> Iterator[Weighed]:
    """Comparisons that stand elsewhere in the function, and their opposites."""
    for node in _readable(finder, place):
        if isinstance(node, ast.Compare) or (
            isinstance(node, ast.Call) and finder.scopes.kind(node) == "bool"
        ):
            text = finder.of(node)
            if len(text) <= 60 and "\n" not in text:
                yield text, 0.8
                yield f"not {text}" if isinstance(node, ast.Call) else f"not ({text})", 0.3


def _of_one(finder: Finder, place: ast.AST) -> Iterator[Weighed]:
    for text, kind, weight in atoms(finder, place):
        match base(kind):
            case "num":
                tests: tuple[Weighed, ...] = _TESTS_OF_NUMBERS
            case "str":
                tests = (*_TESTS_OF_SIZED, *_TESTS_OF_TEXT)
            case "list" | "dict" | "set" | "tuple":
                tests = _TESTS_OF_SIZED
            case "bool":
                tests = (("{}", 1.0), ("not {}", 1.0))
            case "func" | "none":
                tests = ()
            case _:
                tests = _TESTS_OF_UNKNOWN
        for form, share in tests:
            doubt = PARITY if "% 2" in form and not finder.speaks_of_parity else 1.0
            yield form.format(text), share * weight * doubt
        if base(kind) == "num":
            for constant in finder.constants[:4]:
                if constant[0].isdigit():
                    yield f"{text} == {constant}", 0.3 * weight
                    yield f"{text} < {constant}", 0.3 * weight
                    yield f"{text} > {constant}", 0.3 * weight


def _of_two(finder: Finder, place: ast.AST) -> Iterator[Weighed]:
    known = atoms(finder, place)
    for one, other in itertools.permutations(known, 2):
        weight = one[2] * other[2]
        if base(other[1]) in ("list", "set", "dict", "str", "tuple", "") and (
            fits(one[1], element(other[1])) and base(one[1]) not in ("list", "dict", "set")
        ):
            share = 0.6 if other[1] else 0.15
            yield f"{one[0]} in {other[0]}", share * weight
            yield f"{one[0]} not in {other[0]}", share * weight
        if one[0] < other[0] and fits(one[1], other[1]) and "func" not in (one[1], other[1]):
            surely = 0.6 if one[1] and other[1] else 0.3
            for sign in ("==", "!="):
                yield f"{one[0]} {sign} {other[0]}", surely * weight
            if base(one[1]) in ("num", ""):
                for sign in ("<", ">", "<=", ">="):
                    yield f"{one[0]} {sign} {other[0]}", 0.6 * surely * weight


def atoms(finder: Finder, place: ast.AST) -> list[tuple[str, str, float]]:
    """(text, kind, weight) of variables and of short expressions of the function over them."""
    scopes = finder.scopes
    found = {
        name: (scopes.kinds.get(name, ""), 3.0 if name in scopes.unused else 1.0)
        for name in scopes.names_at(place)
    }
    for node in _readable(finder, place):
        if isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
            text = finder.of(node)
            is_func = isinstance(scopes.parents.get(node), ast.Call) and isinstance(
                node, ast.Attribute
            )
            if len(text) <= LONGEST_ATOM and "\n" not in text and not is_func:
                found.setdefault(text, (scopes.kind(node), 0.4))
    items = [(text, kind, weight) for text, (kind, weight) in found.items()]
    return sorted(items, key=lambda item: -item[2])[:MOST_ATOMS]


def _readable(finder: Finder, place: ast.AST) -> Iterator[ast.expr]:
    """Expressions anywhere in the function whose variables `place` can see."""
    visible = set(finder.scopes.names_at(place))
    for node in finder.expressions:
        if finder.locals_of(node) <= visible:
            yield node
