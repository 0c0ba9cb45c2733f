"""An iterator as what it gives, up to a bound; never by where it lies. Standard library only."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

_MAX_DRAINED = 100
"""Items of an iterator that tell it from another."""
_MAX_NAME = 200
"""As much of a type's name as travels."""


def drained(value: object) -> object:
    """A generator, or another iterator of the language, as an object whose type's name says what
    it gives: to be told apart by that and never by an address. Every other value itself.
    """
    kind = type(value)
    if kind.__module__ not in ("builtins", "itertools") or not isinstance(value, Iterator):
        return value
    items = [_item(item) for item in itertools.islice(value, _MAX_DRAINED)]
    items += ["..."] * (len(items) == _MAX_DRAINED)
    return type(_told(f"{kind.__name__} of [{', '.join(items)}]"), (), {})()


def _item(item: object) -> str:
    plain = (bool, int, float, complex, str, bytes, type(None), list, tuple, dict, set, frozenset)
    return repr(item) if type(item) in plain else f"a {type(item).__name__}"


def _told(text: str) -> str:
    """Without addresses; what is too long for a name ends in a digest."""
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    if len(text) <= _MAX_NAME:
        return text
    # A library more is a fork that copies more, for a name that is rarely so long.
    import zlib

    digest = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    return f"{text[: _MAX_NAME - 20]}...#{digest:08x}"
