"""Plain data as bytes, for both ends of the sandbox: tagged, strict, iterative, standard library
only.

Keeps what JSON loses: NaN, -0.0, tuples, sets, bytes, int keys, surrogates, big ints.
The decoder gets bytes that a hostile program chose: it raises CodecError or returns, and nothing
else.
"""

from __future__ import annotations

import collections
import struct
from collections.abc import Callable, Iterable, Iterator

MAX_DEPTH = 200
MAX_NODES = 2_000_000
MAX_SAME_HASH = 500
"""Chosen keys can all share one hash; beyond this a set or dict would take quadratic time to
build.
"""

_LENGTH = struct.Struct("!I")
_FLOAT = struct.Struct("!d")
_COMPLEX = struct.Struct("!dd")
_CONTAINERS: dict[type, bytes] = {list: b"l", tuple: b"t", set: b"S", frozenset: b"Z"}
_PLAIN_BASES = (int, float, str, bytes, bytearray, list, tuple, set, frozenset, dict)


class CodecError(ValueError):
    """The bytes are no value, or the value cannot travel."""


class TooLarge(CodecError):
    """The encoded value passes the byte limit."""


class TooDeep(CodecError):
    """The value is nested too deeply (or contains itself)."""


def encode(value: object, *, max_bytes: int = 1 << 30, opaque: bool = True) -> bytes:
    """The value as bytes. With `opaque` a foreign object travels as the name of its type, else
    CodecError.

    A subclass travels as its plain base when it keeps the base's equality (defaultdict,
    namedtuple, IntEnum).
    """
    out = bytearray()
    stack: list[Iterator[object]] = [iter((value,))]
    while stack:
        for item in stack[-1]:
            children = _put(out, item, opaque)
            if len(out) > max_bytes:
                raise TooLarge(f"value takes more than {max_bytes} bytes")
            if children is not None:
                stack.append(children)
                break
        else:
            stack.pop()
        if len(stack) > MAX_DEPTH + 1:
            raise TooDeep(f"value is nested more than {MAX_DEPTH} deep")
    return bytes(out)


def _put(out: bytearray, value: object, opaque: bool) -> Iterator[object] | None:
    """Append one node; for a container append its head and return its children."""
    kind = type(value)
    if kind not in _SCALARS and kind not in _CONTAINERS and kind is not dict:
        value = _as_plain(value)
        kind = type(value)
    if kind in _SCALARS:
        _SCALARS[kind](out, value)
        return None
    if kind in _CONTAINERS:
        out += _CONTAINERS[kind] + _LENGTH.pack(len(value))  # type: ignore[arg-type]
        return iter(value)  # type: ignore[call-overload,no-any-return]
    if kind is dict:
        out += b"d" + _LENGTH.pack(len(value))  # type: ignore[arg-type]
        return _flat(value.items())  # type: ignore[attr-defined]
    if not opaque:
        raise CodecError(f"a {type_name(kind)} is not plain data")
    _put_bytes(out, b"o", type_name(kind).encode("utf-8", "surrogatepass"))
    return None


def _flat(pairs: Iterable[tuple[object, object]]) -> Iterator[object]:
    for key, item in pairs:
        yield key
        yield item


def _as_plain(value: object) -> object:
    """A subclass instance as its base where equality is the base's; the value itself otherwise."""
    kind = type(value)
    if kind is collections.Counter or kind is collections.OrderedDict:
        return dict(value)  # type: ignore[call-overload]
    if kind is bytearray:
        return bytes(value)  # type: ignore[call-overload]
    if kind.__module__ == "numpy" and hasattr(kind, "item") and not hasattr(kind, "__len__"):
        return value.item()  # type: ignore[attr-defined]
    for base in _PLAIN_BASES:
        if issubclass(kind, base) and kind.__eq__ is base.__eq__:
            return _BASE_COPY[base](value)
    return value


def type_name(kind: type) -> str:
    name = kind.__name__
    return name[:200] if type(name) is str else "?"


_BASE_COPY: dict[type, Callable[..., object]] = {
    int: int.__index__,
    float: float.__float__,
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value: bytes(memoryview(value)),
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
}


def _put_bytes(out: bytearray, tag: bytes, data: bytes) -> None:
    out += tag
    out += _LENGTH.pack(len(data))
    out += data


def _put_int(out: bytearray, value: int) -> None:
    _put_bytes(out, b"i", value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _put_none(out: bytearray, value: None) -> None:
    out += b"N"


def _put_bool(out: bytearray, value: bool) -> None:
    out += b"T" if value else b"F"


def _put_float(out: bytearray, value: float) -> None:
    out += b"f"
    out += _FLOAT.pack(value)


def _put_complex(out: bytearray, value: complex) -> None:
    out += b"c"
    out += _COMPLEX.pack(value.real, value.imag)


def _put_str(out: bytearray, value: str) -> None:
    _put_bytes(out, b"s", value.encode("utf-8", "surrogatepass"))


def _put_plain_bytes(out: bytearray, value: bytes) -> None:
    _put_bytes(out, b"b", value)


_SCALARS: dict[type, Callable[..., None]] = {
    type(None): _put_none,
    bool: _put_bool,
    int: _put_int,
    float: _put_float,
    complex: _put_complex,
    str: _put_str,
    bytes: _put_plain_bytes,
}


def decode(data: bytes, *, opaque: Callable[[str], object] | None = None) -> object:
    """The one value in `data`, all of it; raises CodecError for anything else.

    `opaque` makes the stand-in of a foreign object from its type's name; None refuses them.
    """
    reader = _Reader(data)
    stack: list[tuple[int, int, list[object]]] = []
    for _ in range(MAX_NODES):
        tag = reader.take(1)[0]
        if tag in _BUILD:
            count = reader.count() * (2 if tag == _DICT else 1)
            if count > reader.left:
                raise CodecError("more items announced than bytes left")
            if len(stack) >= MAX_DEPTH:
                raise CodecError("nested too deeply")
            stack.append((tag, count, []))
        elif not stack:
            return reader.finish(_scalar(tag, reader, opaque))
        else:
            stack[-1][2].append(_scalar(tag, reader, opaque))
        while len(stack[-1][2]) == stack[-1][1]:
            tag, _n, items = stack.pop()
            built = _BUILD[tag](items)
            if not stack:
                return reader.finish(built)
            stack[-1][2].append(built)
    raise CodecError(f"more than {MAX_NODES} nodes")


class _Reader:
    """A cursor that never reads past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, n: int) -> bytes:
        if n > self.left:
            raise CodecError("bytes end in the middle of a value")
        self._at += n
        return self._data[self._at - n : self._at]

    def count(self) -> int:
        (n,) = _LENGTH.unpack(self.take(4))
        return int(n)

    def finish(self, value: object) -> object:
        if self.left:
            raise CodecError(f"{self.left} bytes after the value")
        return value


def _scalar(tag: int, reader: _Reader, opaque: Callable[[str], object] | None) -> object:
    if tag in _CONSTANTS:
        return _CONSTANTS[tag]
    if tag == ord("f"):
        return _FLOAT.unpack(reader.take(8))[0]
    if tag == ord("c"):
        return complex(*_COMPLEX.unpack(reader.take(16)))
    if tag not in b"isbo":
        raise CodecError(f"unknown tag {tag}")
    data = reader.take(reader.count())
    if tag == ord("i"):
        return int.from_bytes(data, "big", signed=True)
    if tag == ord("b"):
        return data
    if tag == ord("o") and opaque is None:
        raise CodecError("a foreign object where plain data is needed")
    text = _text(data)
    return opaque(text) if tag == ord("o") and opaque else text


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as exc:
        raise CodecError("text is not UTF-8") from exc


def _check_keys(keys: list[object]) -> None:
    """Raise for keys that cannot be hashed or that were chosen to collide."""
    seen: dict[int, int] = {}
    for key in keys:
        try:
            code = hash(key)
        except TypeError as exc:
            raise CodecError("unhashable key or set element") from exc
        seen[code] = seen.get(code, 0) + 1
        if seen[code] > MAX_SAME_HASH:
            raise CodecError("too many keys with one hash")


def _build_set(items: list[object]) -> set[object]:
    _check_keys(items)
    built = set(items)
    if len(built) != len(items):
        raise CodecError("the same element twice in a set")
    return built


def _build_dict(items: list[object]) -> dict[object, object]:
    _check_keys(items[::2])
    built = dict(zip(items[::2], items[1::2], strict=True))
    if len(built) * 2 != len(items):
        raise CodecError("the same key twice in a dict")
    return built


_DICT = ord("d")
_CONSTANTS: dict[int, object] = {ord("N"): None, ord("T"): True, ord("F"): False}
_BUILD: dict[int, Callable[[list[object]], object]] = {
    ord("l"): lambda items: items,
    ord("t"): tuple,
    ord("S"): _build_set,
    ord("Z"): lambda items: frozenset(_build_set(items)),
    _DICT: _build_dict,
}
