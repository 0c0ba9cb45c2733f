"""Which import a name of the standard library comes with, for answers that forget it."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache

MODULES = (
    *("collections", "itertools", "functools", "math", "heapq", "bisect", "typing"),
    *("re", "string", "operator", "random", "datetime", "decimal", "fractions", "statistics"),
    *("json", "copy", "hashlib", "time", "calendar", "textwrap", "unicodedata", "cmath"),
)
"""Plain modules: cheap to import and without effects."""
GUESSED = MODULES[:7]
"""Whose names are taken for theirs also where no star import says so; the first that has one."""


def import_of(name: str, stars: Sequence[str] = ()) -> str | None:
    """The import line for a name that is bound nowhere; None where it is no known one.

    `stars` are the modules that the answer imports everything from.
    """
    for module in (*(m for m in stars if m in MODULES), *GUESSED):
        if name in _public(module):
            return f"from {module} import {name}"
    return f"import {name}" if name in MODULES else None


@cache
def _public(module: str) -> frozenset[str]:
    there = importlib.import_module(module)
    names = getattr(there, "__all__", None) or (n for n in dir(there) if not n.startswith("_"))
    return frozenset(names)
