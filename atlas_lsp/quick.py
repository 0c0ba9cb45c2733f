"""A quicker start: what attrs compiles anew for each of lsprotocol's classes is kept on disk.

lsprotocol has 569 attrs classes, and half of the time that importing it takes goes into compiling
their generated methods. Python keeps the byte code of files, but not of generated text; this does,
in one file for each version of Python. Without a readable cache all is compiled as ever.
"""

from __future__ import annotations

import contextlib
import marshal
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType
from typing import Any

from pipeline.storage.kept import keep, read_kept

Key = tuple[str, str]
"""Text and file name."""


@contextlib.contextmanager
def kept_byte_code(folder: Path) -> Iterator[None]:
    """Import inside of this: generated methods come from `folder`, or are written there."""
    import attr._make as attrs

    path = folder / f"generated-{MAGIC_NUMBER.hex()}.bin"
    known = _read(path)
    used: dict[Key, CodeType] = {}

    def kept(script: str, filename: str, mode: str) -> CodeType:
        key = (script, filename)
        code = known.get(key)
        if code is None:
            code = compile(script, filename, mode)
        used[key] = code
        return code

    names: dict[str, Any] = vars(attrs)
    names["compile"] = kept
    try:
        yield
    finally:
        del names["compile"]
    if not used.keys() <= known.keys():
        keep(path, marshal.dumps(used))


def _read(path: Path) -> dict[Key, CodeType]:
    """{} for a file that is not there, not ours, or not as it was written."""
    payload = read_kept(path)
    if payload is None:
        return {}
    try:
        found = marshal.loads(payload)
    except (ValueError, EOFError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
