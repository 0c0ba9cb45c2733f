"""Long values on their way out of the sandbox: as a hash, or as packed numbers.

`VIEW` is text that runs beside the program; what it gives may be forged, so nothing but bytes of
a fixed shape is read. To know a value's hash or bytes is to know the value.
"""

from __future__ import annotations

from array import array
from dataclasses import replace

from sandbox.api import Observation

NAME = "_atlas_view"
LONG = 1 << 14
"""Characters or items from which a value does not travel as it is."""
VIEW = f"""
def {NAME}(*args):
    out = {{entry}}(*args)
    if type(out) not in (str, list, tuple) or len(out) < {LONG}:
        return out
    import array, builtins, hashlib
    kind = type(out).__name__
    if kind != "str":
        types = builtins.set(builtins.map(type, out))
        if float in types and types <= {{{{int, float}}}}:
            try:
                doubles = array.array("d", out)
            except OverflowError:
                return out
            if doubles.tolist() == list(out):
                which = bytes(type(one) is float for one in out) if int in types else b""
                return ("{NAME}", kind, which, doubles.tobytes())
            return out
    text = out if kind == "str" else repr(out)
    if kind != "str" and "." in text:
        return out
    return ("{NAME}", kind, hashlib.sha256(text.encode("utf-8", "replace")).digest())
"""
"""Numbers with a float among them are compared with a tolerance: they travel as doubles, where
those are exact. What holds no float travels as its hash."""


def unpacked(seen: Observation) -> Observation:
    """With the numbers that were packed by `VIEW`; anything else as it is."""
    match seen.value:
        case (name, "list" | "tuple" as kind, bytes(which), bytes(data)) if name == NAME:
            return replace(seen, value=_numbers(kind, which, data, seen.value))
    return seen


def _numbers(kind: str, which: bytes, data: bytes, otherwise: object) -> object:
    doubles = array("d")
    if len(data) % doubles.itemsize or len(which) not in (0, len(data) // doubles.itemsize):
        return otherwise
    doubles.frombytes(data)
    try:
        numbers = [
            one if is_float else int(one) for one, is_float in zip(doubles, which, strict=True)
        ] if which else doubles.tolist()  # fmt: skip
    except (ValueError, OverflowError):
        # No whole number is infinite.
        return otherwise
    return numbers if kind == "list" else tuple(numbers)
