"""The shapes of plain values, and fresh values of a shape: inputs that no example has."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from pipeline.syntax.text import literal_of, parse_expression

LONGEST = 6
"""Items of a fresh list, at most; a few are twice as long."""
LETTERS = "abcdexyzABC 0123"


@dataclass(frozen=True)
class Shape:
    """`kind` names a type; `inner` are the shapes of its items: of a dict those of key and value,
    of a tuple one for each place.

    Of a `record`, a dict with the keys `known`, one for each of them; `one` is any of `known`.
    """

    kind: str
    inner: tuple[Shape, ...] = ()
    known: tuple[object, ...] = ()


INT, FLOAT, STR, BOOL, NONE = (Shape(kind) for kind in ("int", "float", "str", "bool", "None"))
BYTES = Shape("bytes")
LIST_OF_INT, LIST_OF_STR = (Shape("list", (item,)) for item in (INT, STR))
PROBES = (
    INT,
    STR,
    LIST_OF_INT,
    LIST_OF_STR,
    FLOAT,
    BOOL,
    Shape("dict", (STR, INT)),
    Shape("list", (LIST_OF_INT,)),
    Shape("list", (Shape("tuple", (INT, INT)),)),
    Shape("set", (INT,)),
    Shape("tuple", (INT, INT)),
    Shape("list", (Shape("dict", (STR, INT)),)),
)
"""What is tried on a parameter that nothing is known of."""


@dataclass(frozen=True, kw_only=True)
class KnownValues:
    """Values that matter to the function: constants of its code, letters of its examples."""

    ints: tuple[int, ...] = ()
    floats: tuple[float, ...] = ()
    strings: tuple[str, ...] = ()
    letters: str = LETTERS
    written: tuple[str, ...] = ()
    """Texts of calls that people wrote."""


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """Makes values of a shape."""

    rng: Random
    pool: KnownValues = field(default_factory=KnownValues)

    def value(self, shape: Shape) -> object:
        if shape.kind == "one":
            return self.rng.choice(shape.known)
        if shape.kind == "record":
            return _record(self, shape.inner, shape.known)
        return _MAKERS[shape.kind](self, shape.inner)

    def edges(self, shape: Shape) -> list[object]:
        """The values that people forget, simplest first."""
        ints: list[object] = [0, 1, -1, 2, 10, *self.pool.ints]
        one = self.value(shape.inner[0]) if shape.inner else 1
        match shape.kind:
            case "int":
                return ints
            case "float":
                return [0.0, 1.0, -1.0, 0.5, 2.5, *self.pool.floats, *map(_as_float, ints)]
            case "str":
                texts = ["", "a", " ", "A", "aa", "ab", "aba", "a b", "1", *self.pool.strings]
                return list(texts)
            case "bool":
                return [True, False]
            case "list":
                return [[], [one], [one, one], [self.value(shape.inner[0]) for _ in range(3)]]
            case "set":
                return [set(), {_hashable(one)}]
            case "frozenset":
                return [frozenset(), frozenset({_hashable(one)})]
            case "dict":
                return [{}, {_hashable(one): self.value(shape.inner[1])}]
            case "one":
                return list(shape.known)
            case "bytes":
                return [b"", b"a", b"abc"]
        return [self.value(shape) for _ in range(2)]


def _as_float(value: object) -> float:
    assert isinstance(value, int)
    return float(value)


def shape_of(value: object) -> Shape:
    """The shape of a plain value; an unknown type is a None."""
    match value:
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case str():
            return STR
        case bytes():
            return BYTES
        case list() | set() | frozenset():
            return Shape(
                type(value).__name__, _unique([shape_of(item) for item in value]) or (INT,)
            )
        case tuple():
            return Shape("tuple", tuple(shape_of(item) for item in value))
        case dict():
            keys = _unique([shape_of(key) for key in value]) or (STR,)
            values = _unique([shape_of(item) for item in value.values()]) or (INT,)
            return Shape("dict", (keys[0], values[0]))
    return NONE


def merged(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    """Without the list that is only known to be one because an example is empty."""
    unique = _unique(shapes)
    lists = [s for s in unique if s.kind == "list"]
    if len(lists) > 1 and LIST_OF_INT in lists:
        others = [s for s in lists if s != LIST_OF_INT]
        kept = INT in {inner for s in others for inner in s.inner}
        return tuple(s for s in unique if s != LIST_OF_INT or kept)
    return unique


def _unique(shapes: Sequence[Shape]) -> tuple[Shape, ...]:
    return tuple(dict.fromkeys(shapes))


# --- annotations --------------------------------

_NAMES = {
    **{name: INT for name in ("int", "Integral")},
    **{name: FLOAT for name in ("float", "Number", "complex")},
    "str": STR,
    "bool": BOOL,
    "bytes": BYTES,
    "None": NONE,
}
_LISTS = {"list", "List", "Sequence", "Iterable", "Collection", "MutableSequence", "Iterator"}
_SETS = {"set", "Set", "AbstractSet", "MutableSet"}
_FROZEN = {"frozenset", "FrozenSet"}
_DICTS = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "Counter", "OrderedDict"}
_TUPLES = {"tuple", "Tuple"}


def annotated(note: ast.expr | None) -> tuple[Shape, ...]:
    """The shapes that an annotation allows; () where it does not say."""
    match note:
        case ast.Constant(value=None):
            return (NONE,)
        case ast.Constant(value=str() as text):
            return _quoted(text)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _named(name)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _unique([*annotated(left), *annotated(right)])
        case ast.Subscript(value=value, slice=inner):
            outer = value.id if isinstance(value, ast.Name) else getattr(value, "attr", "")
            return _generic(outer, inner.elts if isinstance(inner, ast.Tuple) else [inner])
    return ()


def _quoted(text: str) -> tuple[Shape, ...]:
    tree = parse_expression(text)
    return () if tree is None else annotated(tree)


def _named(name: str) -> tuple[Shape, ...]:
    if name in _NAMES:
        return (_NAMES[name],)
    if name in _LISTS:
        return (LIST_OF_INT, LIST_OF_STR)
    if name in _DICTS:
        return (Shape("dict", (STR, INT)),)
    if name in _SETS:
        return (Shape("set", (INT,)),)
    if name in _FROZEN:
        return (Shape("frozenset", (INT,)),)
    return (Shape("tuple", (INT, INT)),) if name in _TUPLES else ()


def _generic(outer: str, inner: Sequence[ast.expr]) -> tuple[Shape, ...]:
    shapes = [annotated(one) for one in inner]
    if outer == "Optional":
        return _unique([*shapes[0], NONE])
    if outer == "Union":
        return _unique([shape for one in shapes for shape in one])
    if outer == "Literal":
        values = tuple(v.value for v in map(literal_of, inner) if v is not None)
        return (Shape("one", (shape_of(values[0]),), values),) if values else ()
    if not all(shapes):
        return _named(outer)
    for kind, names in (("list", _LISTS), ("set", _SETS), ("frozenset", _FROZEN)):
        if outer in names:
            return (Shape(kind, shapes[0]),)
    if outer in _DICTS:
        return (Shape("dict", (shapes[0][0], shapes[-1][0])),)
    if outer in _TUPLES:
        is_any_length = isinstance(inner[-1], ast.Constant) and inner[-1].value is ...
        return (Shape("tuple", tuple(one[0] for one in shapes) * (3 if is_any_length else 1)),)
    return _named(outer)


# --- makers --------------------------------


def _int(fresh: Fresh, _inner: tuple[Shape, ...]) -> int:
    rng = fresh.rng
    if fresh.pool.ints and rng.random() < 0.3:
        return rng.choice(fresh.pool.ints) + rng.choice((-1, 0, 0, 1))
    return rng.choice((rng.randint(-5, 12), rng.randint(0, 6), rng.randint(0, 40), 100))


def _float(fresh: Fresh, _inner: tuple[Shape, ...]) -> float:
    rng = fresh.rng
    if fresh.pool.floats and rng.random() < 0.3:
        return rng.choice(fresh.pool.floats)
    whole, quarter, tenth = rng.randint(-5, 12), rng.randint(-20, 40), rng.randint(0, 99)
    return rng.choice((float(whole), quarter / 4, tenth / 10))


def _str(fresh: Fresh, _inner: tuple[Shape, ...]) -> str:
    rng, pool = fresh.rng, fresh.pool
    letters = pool.letters if rng.random() < 0.7 else LETTERS
    word = "".join(rng.choice(letters) for _ in range(rng.randint(0, LONGEST + 2)))
    if pool.strings and rng.random() < 0.35:
        parts = [rng.choice(pool.strings), word]
        rng.shuffle(parts)
        return rng.choice(("", " ")).join(parts)
    forms = (word, word, word + word[::-1], f"{word[:3]} {word[3:]}", word.title(), word * 2)
    return rng.choice(forms)


def _bool(fresh: Fresh, _inner: tuple[Shape, ...]) -> bool:
    return fresh.rng.random() < 0.5


def _none(_fresh: Fresh, _inner: tuple[Shape, ...]) -> None:
    return None


def _list(fresh: Fresh, inner: tuple[Shape, ...]) -> list[object]:
    rng = fresh.rng
    n = rng.randint(0, LONGEST) * rng.choice((1, 1, 1, 2))
    items = [fresh.value(rng.choice(inner)) for _ in range(n)]
    change = rng.random()
    if items and change < 0.2:
        items.append(rng.choice(items))
    elif change < 0.35:
        items = items + items[::-1]
    elif change < 0.55:
        items = _in_order(items)
    elif change < 0.65:
        items = _in_order(items)[::-1]
    return items


def _in_order(items: list[object]) -> list[object]:
    kinds = {type(item) for item in items}
    if kinds <= {int, float} or kinds == {str}:
        return sorted(items)  # type: ignore[type-var]
    return items


def _set(fresh: Fresh, inner: tuple[Shape, ...]) -> set[object]:
    return {_hashable(item) for item in _list(fresh, inner)}


def _frozenset(fresh: Fresh, inner: tuple[Shape, ...]) -> frozenset[object]:
    return frozenset(_set(fresh, inner))


def _tuple(fresh: Fresh, inner: tuple[Shape, ...]) -> tuple[object, ...]:
    return tuple(fresh.value(shape) for shape in inner)


def _dict(fresh: Fresh, inner: tuple[Shape, ...]) -> dict[object, object]:
    n = fresh.rng.randint(0, 4)
    return {_hashable(fresh.value(inner[0])): fresh.value(inner[1]) for _ in range(n)}


def _record(fresh: Fresh, inner: tuple[Shape, ...], known: tuple[object, ...]) -> object:
    return {key: fresh.value(shape) for key, shape in zip(known, inner, strict=True)}


def _bytes(fresh: Fresh, _inner: tuple[Shape, ...]) -> bytes:
    return _str(fresh, ()).encode()


def _hashable(value: object) -> object:
    return repr(value) if isinstance(value, list | dict | set) else value


_MAKERS: dict[str, Callable[[Fresh, tuple[Shape, ...]], object]] = {
    "int": _int,
    "float": _float,
    "str": _str,
    "bool": _bool,
    "bytes": _bytes,
    "None": _none,
    "list": _list,
    "set": _set,
    "frozenset": _frozenset,
    "tuple": _tuple,
    "dict": _dict,
}
