"""Sentences that a person reads: numbers, and what a program said."""

from __future__ import annotations


def many(n: int, one: str) -> str:
    """`1 test`, `2 tests`."""
    return f"{n} {one}" if n == 1 else f"{n} {one}s"


def printable(text: str) -> str:
    """With what moves a cursor, colours or rings on a terminal as it is written in Python."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
