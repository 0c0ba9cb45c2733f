"""Repair or restart: whichever has brought more per token, by counts kept on this machine.

A try is one branch of one round; it wins when its candidate passes every visible test.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.core.board import Move, Try
from pipeline.core.context import Context
from pipeline.core.events import Decided, Progress
from pipeline.storage.kept import keep, read_kept

try:
    import fcntl
except ImportError:
    # Windows: two jobs that end at once may lose one count of the two.
    fcntl = None  # type: ignore[assignment]

MOVES: tuple[Move, ...] = ("repair", "restart")
FAILED_ROUNDS = 2
"""Rounds that may fail before only a restart is left (docs/decisions/repair.md)."""
CLOSE = 1.5
"""Within this ratio of gains the last branch tries the other move."""
PRIOR_TRIES = 10.0
PRIOR_RATE: Mapping[Move, float] = {
    "repair": (42 + 40) / (194 + 322),
    "restart": (39 + 41) / (194 + 331),
}
"""ATLAS V3's own records (of 194 failed tasks its repair rescued 42, two plain re-runs 36 and 42)
and nano's branches in `benchmarks/repair_vs_resample.py` (40 of 322 against 41 of 331): no clear
winner, so each is tried. Few tries' worth, for Olausson et al. (arXiv 2306.09896) find that the
order differs by model."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """What one move has brought so far."""

    tried: int = 0
    won: int = 0
    tokens: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            tried=self.tried + other.tried,
            won=self.won + other.won,
            tokens=self.tokens + other.tokens,
        )


Counts = Mapping[Move, Count]


def choose_moves(
    ctx: Context, round_: int, n_branches: int, tokens_per_try: float
) -> tuple[Move, ...]:
    """A move per branch, reported with the numbers it was made from.

    `tokens_per_try` is what a branch costs as far as this job knows; it is the prior of the cost.
    """
    counts = load(ctx)
    gains = {move: gain(move, counts[move], tokens_per_try) for move in MOVES}
    moves = _moves(gains, round_, n_branches)
    numbers: dict[str, float | int | str | None] = {"round": round_}
    for move in MOVES:
        numbers |= {f"{move} {key}": value for key, value in asdict(counts[move]).items()}
        numbers[f"{move} gain per 1000 tokens"] = round(1000 * gains[move], 4)
    ctx.emit(Decided(what="policy", choice=", ".join(moves), numbers=numbers))
    return moves


def gain(move: Move, count: Count, tokens_per_try: float) -> float:
    """Expected wins per token: the mean of a Beta posterior over the cost, same prior."""
    won = PRIOR_TRIES * PRIOR_RATE[move] + count.won
    tokens = PRIOR_TRIES * max(tokens_per_try, 1.0) + count.tokens
    return won / tokens


def _moves(gains: Mapping[Move, float], round_: int, n_branches: int) -> tuple[Move, ...]:
    if round_ >= FAILED_ROUNDS:
        return tuple("restart" for _ in range(n_branches))
    better = max(MOVES, key=lambda move: gains[move])
    other: Move = "restart" if better == "repair" else "repair"
    is_close = gains[better] < CLOSE * gains[other]
    last = other if is_close and n_branches > 1 else better
    return tuple(last if i == n_branches - 1 else better for i in range(n_branches))


# --- the counts, a small file of this machine -----------------------------------------------------


def load(ctx: Context) -> Counts:
    """The counts for this model; none where no file is kept, none and a warning where it is bad."""
    try:
        return _of_model(_read(ctx.counts), ctx.model.info.name)
    except (OSError, ValueError) as exc:
        ctx.emit(Progress(message=f"repair counts ignored, {ctx.counts}: {exc}"))
        return _of_model({}, "")


def learn(ctx: Context, tries: Sequence[Try], n_won: Mapping[Move, int]) -> None:
    """Add what a job tried to the file; nothing where none is kept.

    A file that cannot be read is begun anew, one that cannot be written costs a warning.
    """
    if ctx.counts is None or not tries:
        return
    seen = {
        move: Count(
            tried=sum(one.move == move for one in tries),
            won=n_won.get(move, 0),
            tokens=sum(one.tokens for one in tries if one.move == move),
        )
        for move in MOVES
    }
    try:
        with _locked(ctx.counts):
            _write(ctx.counts, _added(ctx.counts, ctx.model.info.name, seen))
    except OSError as exc:
        ctx.emit(Progress(message=f"repair counts not kept, {ctx.counts}: {exc.strerror}"))


Table = dict[str, dict[str, Count]]


def _added(path: Path, model: str, seen: Counts) -> Table:
    try:
        table = _read(path)
    except ValueError:
        table = {}
    known = _of_model(table, model)
    return table | {model: {move: known[move] + seen[move] for move in MOVES}}


def _of_model(table: Table, model: str) -> Counts:
    kept = table.get(model, {})
    return {move: kept.get(move, Count()) for move in MOVES}


def _read(path: Path | None) -> Table:
    """Raises ValueError, in one line, for a file that holds no counts."""
    if path is None or not path.exists():
        return {}
    payload = read_kept(path)
    try:
        rows = json.loads(payload or b"")
        table = {m: {k: Count(**c) for k, c in moves.items()} for m, moves in rows.items()}
    except (ValueError, TypeError, AttributeError) as exc:
        raise ValueError("not a file of counts; it is begun anew") from exc
    for moves in table.values():
        if not all(map(_is_sane, moves.values())):
            raise ValueError("impossible counts; it is begun anew")
    return table


def _is_sane(count: Count) -> bool:
    values = (count.tried, count.won, count.tokens)
    return all(type(v) is int and v >= 0 for v in values) and count.won <= count.tried


def _write(path: Path, table: Table) -> None:
    rows = {m: {move: asdict(c) for move, c in moves.items()} for m, moves in table.items()}
    if not keep(path, json.dumps(rows).encode()):
        raise OSError(errno.EIO, "it cannot be written", str(path))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One writer at a time, among processes too; held for a read and a write."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
