"""Random argument values by kind: short, because every token of a doctest costs training time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

_WORDS = """
    apple sun moon river stone cat dog bird tree leaf red blue green tea milk bread sea hill rain
    snow wind fire lamp door key book pen ink map road car bus ship boat star sky cloud day night
    noon level radar kayak civic mom eve deed otter bee ant fox owl wolf bear lion pear plum fig
    lime nut oat rice corn salt egg ham jam pie cup mug pan pot box bag hat cap coat shoe sock
    ring gold iron tin sand clay wool silk rope knot nail saw axe drum horn bell song note word
    page line dot arc cube cone grid node edge root stem seed bud rose iris ivy fern moss pond
    lake bay cove reef tide wave foam mist dew frost ice hail storm gale banana pepper letter
    a to an is of on we go up big old new hot wet dry far near
"""
WORDS = tuple(_WORDS.split())
NAMES = ("Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Lea", "Max")


def value(kind: str, rng: Random) -> Any:
    """A fresh random value of `kind`. Raises KeyError for a kind that does not exist."""
    return KINDS[kind](rng)


def _int(rng: Random) -> int:
    return rng.choice((rng.randint(-9, 12), rng.randint(-20, 50)))


def _word(rng: Random) -> str:
    if rng.random() < 0.1:
        return "".join(rng.choice("abcdeilmnorst") for _ in range(rng.randint(1, 6)))
    return rng.choice(WORDS)


def _some(rng: Random, make: Callable[[Random], Any], low: int, high: int) -> list[Any]:
    """A list of `low` to `high` values, with repeats more often than chance would give."""
    items = [make(rng) for _ in range(rng.randint(low, high))]
    if len(items) > 2 and rng.random() < 0.4:
        items[rng.randrange(len(items))] = rng.choice(items)
    return items


def _ints(rng: Random, low: int = 0) -> list[int]:
    if rng.random() < 0.25:
        return _some(rng, lambda r: r.randint(0, 5), low, 6)
    return _some(rng, _int, low, 6)


def _float1(rng: Random) -> float:
    return rng.randint(-50, 120) / 10


def _text(rng: Random, low: int = 0) -> str:
    words = _some(rng, _word, low, 5)
    if words and rng.random() < 0.3:
        words[0] = words[0].capitalize()
    return " ".join(words)


def _mixed(rng: Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(
            (_word(rng).capitalize(), _word(rng).upper(), _word(rng) + str(rng.randint(0, 99)))
        )
    return "".join(rng.choice("abcdeXYZABmnopst0123") for _ in range(rng.randint(0, 7)))


def _brackets(rng: Random) -> str:
    pairs = rng.choice(("()", "()[]", "()[]{}"))
    if rng.random() < 0.5:
        return _balanced(rng, pairs, rng.randint(0, 4))
    return "".join(rng.choice(pairs) for _ in range(rng.randint(0, 6)))


def _balanced(rng: Random, pairs: str, n: int) -> str:
    if n == 0:
        return ""
    at = 2 * rng.randrange(len(pairs) // 2)
    inside = rng.randrange(n)
    rest = _balanced(rng, pairs, n - 1 - inside)
    return pairs[at] + _balanced(rng, pairs, inside) + pairs[at + 1] + rest


def _matrix(rng: Random) -> list[list[int]]:
    rows, columns = rng.randint(1, 3), rng.randint(1, 3)
    return _rows(rng, rows, columns)


def _rows(rng: Random, rows: int, columns: int) -> list[list[int]]:
    return [[rng.randint(-5, 12) for _ in range(columns)] for _ in range(rows)]


def _matrix_sq(rng: Random) -> list[list[int]]:
    size = rng.randint(1, 3)
    return _rows(rng, size, size)


def _interval(rng: Random) -> tuple[int, int]:
    start = rng.randint(-5, 15)
    return (start, start + rng.randint(0, 8))


def _record(rng: Random) -> dict[str, Any]:
    return {"name": rng.choice(NAMES), "age": rng.randint(1, 70)}


def _digits(rng: Random) -> str:
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 6)))


def _mapping(rng: Random, make: Callable[[Random], Any]) -> dict[str, Any]:
    return {_word(rng): make(rng) for _ in range(rng.randint(0, 3))}


KINDS: dict[str, Callable[[Random], Any]] = {
    "int": _int,
    "pos": lambda r: r.randint(1, 20),
    "nat": lambda r: r.randint(0, 20),
    "small": lambda r: r.randint(1, 6),
    "float1": _float1,
    "bool": lambda r: r.random() < 0.5,
    "ints": _ints,
    "ints1": lambda r: _ints(r, 1),
    "pos_ints": lambda r: _some(r, lambda s: s.randint(1, 20), 0, 6),
    "sorted_ints": lambda r: sorted(_ints(r)),
    "floats": lambda r: _some(r, _float1, 0, 4),
    "bits": lambda r: _some(r, lambda s: s.randint(0, 1), 0, 7),
    "word": _word,
    "char": lambda r: r.choice("abcdeilmnorst"),
    "text": _text,
    "text1": lambda r: _text(r, 1),
    "mixed": _mixed,
    "digits": _digits,
    "binary": lambda r: "1" + "".join(r.choice("01") for _ in range(r.randint(0, 5))),
    "brackets": _brackets,
    "words": lambda r: _some(r, _word, 0, 4),
    "words1": lambda r: _some(r, _word, 1, 4),
    "strs": lambda r: _some(r, _mixed, 0, 4),
    "pairs": lambda r: _some(r, lambda s: (_word(s), s.randint(-5, 20)), 0, 3),
    "points": lambda r: _some(r, lambda s: (s.randint(-6, 9), s.randint(-6, 9)), 0, 3),
    "intervals": lambda r: _some(r, _interval, 0, 4),
    "matrix": _matrix,
    "matrix_sq": _matrix_sq,
    "nested": lambda r: _some(r, lambda s: _some(s, _int, 0, 3), 0, 3),
    "str_int": lambda r: _mapping(r, lambda s: s.randint(-5, 20)),
    "int_str": lambda r: {r.randint(0, 20): _word(r) for _ in range(r.randint(0, 3))},
    "str_ints": lambda r: _mapping(r, lambda s: _some(s, _int, 0, 3)),
    "set_ints": lambda r: set(_ints(r)),
    "records": lambda r: _some(r, _record, 0, 3),
    "triple": lambda r: tuple(r.randint(-5, 15) for _ in range(3)),
}

ANNOTATIONS: dict[str, str] = {
    **dict.fromkeys(("int", "pos", "nat", "small"), "int"),
    "float1": "float",
    "bool": "bool",
    **dict.fromkeys(("ints", "ints1", "pos_ints", "sorted_ints", "bits"), "list[int]"),
    "floats": "list[float]",
    **dict.fromkeys(
        ("word", "char", "text", "text1", "mixed", "digits", "binary", "brackets"), "str"
    ),
    **dict.fromkeys(("words", "words1", "strs"), "list[str]"),
    "pairs": "list[tuple[str, int]]",
    **dict.fromkeys(("points", "intervals"), "list[tuple[int, int]]"),
    **dict.fromkeys(("matrix", "matrix_sq", "nested"), "list[list[int]]"),
    "str_int": "dict[str, int]",
    "int_str": "dict[int, str]",
    "str_ints": "dict[str, list[int]]",
    "set_ints": "set[int]",
    "records": "list[dict]",
    "triple": "tuple[int, int, int]",
}
