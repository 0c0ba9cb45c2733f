"""What is known of an argument, or of a part of it, and the values that would do for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.inputs.shapes import FLOAT, INT, STR, Shape, shape_of

MOST_VALUES = 12
_BY_NAME = {
    **dict.fromkeys(("n", "i", "k", "count", "size", "width", "length", "index", "number"), "int"),
    **dict.fromkeys(("limit", "depth", "year", "month", "day", "seconds", "num"), "int"),
    **dict.fromkeys(
        ("text", "s", "string", "str", "name", "word", "line", "sentence", "path"), "str"
    ),
    **dict.fromkeys(("sep", "prefix", "suffix", "pattern", "title", "url", "msg", "html"), "str"),
    **dict.fromkeys(("items", "numbers", "values", "seq", "lst", "xs", "iterable"), "list"),
    **dict.fromkeys(("words", "names", "lines", "strings", "parts"), "texts"),
    **dict.fromkeys(("x", "y", "value", "ratio", "price", "amount", "low", "high"), "number"),
}


@dataclass
class Part:
    """What is known of an argument, or of a part of it; filled while the code is read."""

    kinds: Counter[str] = field(default_factory=Counter)
    keys: dict[str | int, Part] = field(default_factory=dict)
    item: Part | None = None
    places: dict[int, Part] = field(default_factory=dict)
    """Of a tuple that is taken apart: what each place is."""
    values: list[object] = field(default_factory=list)

    def inner(self) -> Part:
        self.item = self.item or Part()
        return self.item

    def key(self, name: str | int) -> Part:
        return self.keys.setdefault(name, Part())

    def place(self, at: int) -> Part:
        return self.places.setdefault(at, Part())

    def meets(self, values: list[object]) -> None:
        """It is compared with these."""
        self.values += [v for v in values if v not in self.values][:MOST_VALUES]
        for value in values:
            self.kinds[type(value).__name__] += 1


def shapes(part: Part, name: str = "") -> tuple[Shape, ...]:
    """The kinds of value that would do for it."""
    if part.keys and not part.kinds["list"]:
        named = list(part.keys.items())[:8]
        inner = tuple(_one(value, str(key)) for key, value in named)
        return (Shape("record", inner, known=tuple(key for key, _ in named)),)
    known = tuple(v for v in part.values if isinstance(v, str | int | float | bool | None))
    found = [Shape("one", (shape_of(known[0]),), known=known)] if known else []
    kinds = [kind for kind, _ in part.kinds.most_common()]
    if part.kinds["int"] and "float" not in kinds:
        # A whole number is a number too.
        kinds = list(dict.fromkeys("int" if kind == "number" else kind for kind in kinds))
    found += [shape for kind in kinds for shape in _of_kind(kind, part)]
    if not found:
        found = list(_of_kind("list", part)) if part.item else []
    if not found and part.places:
        found = [_tuple(part)]
    if _by_name(name) == "str" and _is_only_walked(part):
        found = [STR]
    if not found:
        found = list(_of_kind(_by_name(name), part))
    return tuple(dict.fromkeys(found))[:4]


def _by_name(name: str) -> str:
    """`str` of `text` and of `iso_str`; empty for what says nothing."""
    last = _BY_NAME.get(name.rpartition("_")[2])
    return _BY_NAME.get(name) or (last if last == "str" else "")


def _is_only_walked(part: Part) -> bool:
    """Walked through or measured, as a list is and a text; its items are taken for nothing else."""
    inside = +part.item.kinds if part.item else Counter()
    return set(+part.kinds) <= {"list", "sized"} and set(inside) <= {"str"} and not part.values


def _one(part: Part, name: str = "") -> Shape:
    return next(iter(shapes(part, name)), INT)


def _tuple(part: Part) -> Shape:
    return Shape("tuple", tuple(_one(part.place(i)) for i in range(max(part.places) + 1)))


def _of_kind(kind: str, part: Part) -> Iterator[Shape]:
    match kind:
        case "int" | "float" | "str" | "bool" | "bytes":
            yield Shape(kind)
        case "NoneType":
            yield Shape("None")
        case "number":
            yield from (INT, FLOAT)
        case "texts":
            yield Shape("list", (STR,))
        case "dict":
            yield Shape("dict", (_one(part.key("key")) if "key" in part.keys else STR, INT))
        case "set":
            yield Shape("set", (INT,))
        case "tuple" if part.places:
            yield _tuple(part)
        case "list" | "sized" | "tuple":
            if part.item is None or part.item.kinds["str"]:
                yield STR
            inner = shapes(part.item) if part.item else ()
            yield from (Shape("list", (one,)) for one in inner or (INT,))
