"""Exit codes, and the error of a command that was asked for wrongly."""

from __future__ import annotations

OK, NOTHING_GOOD, USAGE, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130


class UsageError(Exception):
    """What the user asked for cannot be; the text says what and how to mend it."""
