"""Failed ideas in three lines each: what was tried, what it produced, why it failed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from pipeline.core.board import Board
from pipeline.core.task import Judged, Origin, Task
from pipeline.repair.anchors import keeps_anchors, parent_of
from pipeline.running.judge import first_failure

MOST_IDEAS = 2
LONGEST = 120


def memory_of(task: Task, board: Board) -> str:
    """The latest failed ideas of repair rounds, for a prompt; "" where none has failed yet."""
    failed = [one for one in board.made_by(Origin.REPAIR) if not one.passes]
    return "\n".join(line for one in failed[-MOST_IDEAS:] for line in _idea(task, board, one))


def _idea(task: Task, board: Board, one: Judged) -> Iterator[str]:
    parent = parent_of(board, one)
    failure = first_failure(one)
    yield _clip(f"Tried: {_what(one, parent)}")
    yield _clip(f"It gave: {failure.detail if failure else 'nothing'}")
    yield _clip(f"It failed because it {_why(task, one, parent)}.")


def _why(task: Task, one: Judged, parent: Judged | None) -> str:
    """As the tests show it: a broken anchor counts more than what stayed wrong."""
    if parent and not keeps_anchors(task, one, parent):
        return "breaks an example that passed before"
    if parent and one.n_passed == parent.n_passed:
        return "passes no example more than before"
    return f"passes only {one.n_passed} of {one.n_visible} examples"


def _what(one: Judged, parent: Judged | None) -> str:
    new = one.candidate.code.splitlines()
    if parent is None:
        return f"another function, {_joined(new[-3:])}"
    rows = difflib.ndiff(parent.candidate.code.splitlines(), new)
    return _joined([row[2:] for row in rows if row.startswith("+ ")]) or "leaving lines out"


def _joined(lines: Sequence[str]) -> str:
    return " / ".join(line.strip() for line in lines if line.strip())


def _clip(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
