"""A pytest plugin: which functions of a package its own tests call with plain data only.

`python -m pytest -p benchmarks.record_calls` with ATLAS_RECORD=OUT:PACKAGE:SECONDS writes to OUT
{"file::function": [arguments as Python text, ...]} of module-level functions each of whose calls
had only plain arguments. `benchmarks.real_tests` starts it; it is the ground truth there, and
shares no code with the product.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import time
from pathlib import Path
from types import CodeType, FrameType

import pytest

MOST_SEEN = 60
"""Calls of one function that are looked at."""
MOST_KEPT = 20
LONGEST = 300
PLAIN = (type(None), bool, int, float, str, bytes)
ITEMS = (list, tuple, set, frozenset)

seen: dict[CodeType, int] = {}
kept: dict[CodeType, list[str]] = {}
spoiled: set[CodeType] = set()
out, folder, seconds = os.environ.get("ATLAS_RECORD", "::0").split(":")
until = time.monotonic() + float(seconds)


def is_plain(value: object, left: int = 6) -> bool:
    if type(value) in PLAIN:
        return True
    if left and type(value) in ITEMS:
        return all(is_plain(item, left - 1) for item in list(value)[:200])  # type: ignore[call-overload]
    if left and type(value) is dict:
        pairs = list(value.items())[:200]
        return all(is_plain(part, left - 1) for pair in pairs for part in pair)
    return False


def look(frame: FrameType, event: str, _arg: object) -> None:
    if event != "call":
        return
    code = frame.f_code
    n = seen.get(code, 0)
    if n >= MOST_SEEN or code in spoiled:
        return
    seen[code] = n + 1
    # A method, a nested function and what is no function have other names than this.
    if code.co_qualname != code.co_name or not code.co_filename.startswith(folder):
        spoiled.add(code)
        return
    flags = code.co_flags
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    extra = code.co_varnames[len(names) : len(names) + bool(flags & 4) + bool(flags & 8)]
    given = [frame.f_locals[name] for name in (*names, *extra)]
    if code.co_name.startswith("<") or not given or not all(map(is_plain, given)):
        spoiled.add(code)
    elif len(kept.setdefault(code, [])) < MOST_KEPT:
        text = repr(dict(zip(names, given, strict=False)))
        if len(text) <= LONGEST and not extra:
            kept[code].append(text)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() > until:
        item.session.shouldstop = "enough was seen"
    sys.setprofile(look)


def pytest_runtest_teardown() -> None:
    sys.setprofile(None)


def write() -> None:
    found = {
        f"{code.co_filename}::{code.co_name}": list(dict.fromkeys(texts))
        for code, texts in kept.items()
        if code not in spoiled
    }
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if out:
    atexit.register(write)
