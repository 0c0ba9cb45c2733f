"""Numbers in sentences that a person reads."""

from __future__ import annotations


def many(n: int, one: str) -> str:
    """`1 test`, `2 tests`."""
    return f"{n} {one}" if n == 1 else f"{n} {one}s"
