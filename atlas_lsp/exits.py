"""Exit codes, and the error of a command that was asked for wrongly."""

from __future__ import annotations

OK, NOTHING_GOOD, USAGE, BROKEN, INTERRUPTED = 0, 1, 2, 3, 130
KINDS = {USAGE: "usage", BROKEN: "broken", INTERRUPTED: "stopped"}
"""What `--json` calls them."""


class UsageError(Exception):
    """What the user asked for cannot be; the text says what and how to mend it."""


class Stopped(Exception):
    """Ctrl-C in the middle of work of which a part is done; the text says how to go on."""


def error_json(message: str, code: int) -> dict[str, object]:
    """The document of `--json` where there is no result."""
    error = {"kind": KINDS[code], "exit": code, "message": " ".join(message.split())}
    return {"status": "error", "error": error}
