"""Values as a person would write them in a test, and how far a value is from that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from pipeline.inputs.shapes import KnownValues, Shape

INTS = (0, 1, 2, 3, 4, 5, 10, -1, 7, 12, 6, 100, -5, 20, 15, 8)
FLOATS = (0.5, 1.5, 2.0, 0.0, 1.0, 2.5, 10.0, -1.5, 0.25, 100.0)
WORDS = (
    *("abc", "hello", "a", "Hello World", "one two", "b", "cat", "Apple", "x1", "abba", "A", ""),
    *("50%", "a&b", "a/b", "x, y", "Café", "the quick brown fox jumps over the lazy dog"),
)
USUAL: dict[str, tuple[object, ...]] = {
    "int": (5, 2, 10, 3, 7),
    "float": (2.5, 0.5, 10.0, 1.0, 5.0),
    "str": ("hello world", "o", "abc", "b"),
    "list": ([3, 1, 2], [1, 2, 3]),
}
"""What stands in the first, the second, ... place of a call where nothing else is to be shown."""
LISTS = ((1, 2, 3), (3, 1, 2), (1,), (1, 1, 2), (5, -1, 4), (2, 4, 6, 8), ())
"""Numbers of a list, by place; other kinds of items are drawn one by one."""
OTHER = "other"
"""A text that is none of those that the code knows."""
SIGNS = " -_.,:/"
_JOINED = re.compile(r"\w+(?:[ \-_.,:/]\w+)*")
NEVER_WRITTEN = 40
"""Oddness of a text that nobody would type: what eight digits more would cost a reader."""


@dataclass(frozen=True, kw_only=True)
class Natural:
    """Makes values of a shape, of words and small round numbers, and of what is known."""

    rng: Random
    pool: KnownValues = field(default_factory=KnownValues)

    def value(self, shape: Shape) -> object:
        match shape.kind:
            case "int":
                return self._number(INTS, self.pool.ints)
            case "float":
                return self._number(FLOATS, self.pool.floats)
            case "str":
                return self._text()
            case "bool":
                return self.rng.random() < 0.5
            case "bytes":
                return self._text().encode()
            case "list":
                return self._items(shape.inner)
            case "set":
                return {_plain(item) for item in self._items(shape.inner)}
            case "frozenset":
                return frozenset(_plain(item) for item in self._items(shape.inner))
            case "tuple":
                return tuple(self.value(one) for one in shape.inner)
            case "dict":
                return self._dict(*shape.inner)
            case "record":
                pairs = zip(shape.known, shape.inner, strict=True)
                return {key: self.value(one) for key, one in pairs}
            case "one":
                return self._one_of(shape)
        return None

    def usual(self, shape: Shape, at: int) -> object:
        """The value for the place `at` of a call in which another argument is to be looked at."""
        usual = USUAL.get(shape.kind, ())
        is_list = shape.kind == "list" and {one.kind for one in shape.inner} != {"int"}
        if at < len(usual) and not is_list:
            return usual[at]
        return shape.known[0] if shape.kind == "one" else self.value(shape)

    def _number(self, usual: Sequence[int | float], known: Sequence[int | float]) -> int | float:
        if known and self.rng.random() < 0.3:
            return self.rng.choice(known) + self.rng.choice((-1, 0, 0, 1))
        # The first ones more often.
        return usual[min(self.rng.randrange(len(usual)), self.rng.randrange(len(usual)))]

    def _text(self) -> str:
        rng, known = self.rng, self.pool.strings
        if not known or rng.random() < 0.5:
            return rng.choice(WORDS)
        one = rng.choice(known)
        word = rng.choice((*WORDS[:4], "12", rng.choice(known)))
        return rng.choice((one, one + word, word + one, f"{word}{one}b", f"{one} {word}"))

    def _items(self, inner: Sequence[Shape]) -> list[object]:
        shape = self.rng.choice(inner)
        if shape.kind in ("int", "float") and self.rng.random() < 0.6:
            kind = int if shape.kind == "int" else float
            return [kind(n) for n in self.rng.choice(LISTS)]
        n = self.rng.choice((0, 1, 2, 2, 3, 3, 4))
        return [self.value(shape) for _ in range(n)]

    def _dict(self, key: Shape, value: Shape) -> dict[object, object]:
        n = self.rng.choice((0, 1, 2, 2, 3))
        keys = "abc" if key.kind == "str" else range(1, 4)
        plain = key.kind in ("str", "int")
        return {
            (name if plain else _plain(self.value(key))): self.value(value)
            for name in list(keys)[:n]
        }

    def _one_of(self, shape: Shape) -> object:
        """Mostly one of them; now and then one like them."""
        if self.rng.random() < 0.75 or not shape.inner:
            return self.rng.choice(shape.known)
        if shape.inner[0].kind == "str":
            return self.rng.choice((OTHER, str(self.rng.choice(shape.known)).upper()))
        return self.value(shape.inner[0])


def oddness(value: object, pool: KnownValues) -> int:
    """What a value costs a reader beside its length, in characters; 0 for what people write."""
    match value:
        case None | bool():
            return 0
        case int():
            return 0 if abs(value) <= 12 or value in pool.ints or _is_round(value) else 8
        case float():
            return _of_float(value, pool)
        case str():
            return _of_text(value, pool)
        case bytes():
            return _of_text(value.decode("latin-1"), pool)
        case list() | tuple() | set() | frozenset():
            n_blank = sum(isinstance(item, str) and not item for item in value)
            items = sum(oddness(item, pool) for item in value)
            return items + 4 * max(0, len(value) - 4) + 3 * n_blank
        case dict():
            return sum(oddness(item, pool) for pair in value.items() for item in pair)
    return NEVER_WRITTEN


def _is_round(number: int) -> bool:
    digits = str(abs(number)).rstrip("0")
    return len(digits) <= 1 or digits in ("12", "15", "25", "24", "36", "64", "50")


def _of_float(value: float, pool: KnownValues) -> int:
    if value in FLOATS or value in pool.floats:
        return 0
    if value == int(value):
        return oddness(int(value), pool)
    return 6 + 2 * len(repr(value)) + (4 if value < 0 else 0)


def _of_text(value: str, pool: KnownValues) -> int:
    """Words, what is known, and both with a digit or a sign between are what people write."""
    if value in WORDS or value == OTHER or value in pool.written:
        return 0
    if value in pool.strings:
        return 1 if any(char.isalnum() for char in value) else 4
    if any(value in one for one in pool.written):
        return 3
    left = value
    for known in sorted((*pool.strings, *filter(None, WORDS)), key=len, reverse=True):
        if len(known) > 1:
            left = left.replace(known, "")
    left = "".join(char for char in left if not char.isdigit() and char not in SIGNS)
    signs = 0 if _JOINED.fullmatch(value) else 2 * len(value)
    return min(NEVER_WRITTEN, 4 + 4 * max(0, len(left) - 1) + signs)


def _plain(value: object) -> object:
    return repr(value) if isinstance(value, list | dict | set) else value
