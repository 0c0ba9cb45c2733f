"""What lies in a run folder: its names, its records, written whole or not at all.

Standard library only; read by the process that solves, by the scorer and by the report.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]
DAMAGED_GZIP = (gzip.BadGzipFile, zlib.error, EOFError)
"""What reading one raises: no head, a hole, no end."""
TORN = ".torn-"
"""How the names of half-written files begin."""


class BenchError(Exception):
    """Root of what this package raises; its text is one line with the mend."""


class SuiteError(BenchError):
    """The suite is not there, cannot be read, or has too few hidden tests."""


class RunMismatch(BenchError):
    """The run folder was made with other settings, or its files were changed."""


@dataclass(frozen=True, kw_only=True)
class PublicTask:
    """A task of a suite as the solver gets it; there is no field for hidden tests, on purpose."""

    task_id: str
    part: str = ""
    kind: str = "function"
    """The module of `pipeline.bench.asking` that puts it to a model."""
    source: str = ""
    """Module text with the function to write or to repair; else the statement."""
    entry_point: str = ""
    """Dotted for a method."""
    visible: tuple[Json, ...] = ()
    """`{"input": list of arguments or stdin text, "output": value or text}`, besides doctests."""
    prelude: str = ""
    """What runs before every answer and is not shown."""
    prompt: str = ""
    """The suite's own prompt where `source` is made from it; for condition E."""
    more: Json = field(default_factory=dict)
    """What only its own way of asking needs: choices, steps, tests of a first try."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one cell (task, condition, seed) came to; all of it made without hidden tests."""

    task_id: str
    part: str
    condition: str
    seed: int
    status: str
    program: str | None
    """The submitted program; None when there is none."""
    probability: float | None = None
    candidates: tuple[Json, ...] = ()
    """`{"program", "origin", "passes_visible", ...}`, the submitted one first."""
    stages: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one cell took; apart from the answer, because no two runs take the same time."""

    ledger: Json = field(default_factory=dict)
    wall_share_s: float = 0.0
    """The cell's share of the run's wall clock: the shares of all cells add up to it."""
    energy_share_j: float | None = None
    """Likewise, of the machine's energy; None where no counter can be read."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    task_id: str
    condition: str
    seed: int

    @property
    def file_name(self) -> str:
        return f"{self.condition}/{self.seed}/{quote(self.task_id, safe='')}.json"


@dataclass(frozen=True)
class RunFolder:
    """The paths of a run folder."""

    root: Path

    @property
    def run(self) -> Path:
        return self.root / "run.json"

    @property
    def tasks(self) -> Path:
        return self.root / "tasks.jsonl"

    @property
    def new_tasks(self) -> Path:
        """Of a run that is not known yet to be this folder's; a shard has its own."""
        return self.root / f"{TORN}{os.uname().nodename}-{os.getpid()}-tasks.jsonl"

    @property
    def manifest(self) -> Path:
        """Every answer file with its sha256, as `sha256sum --check` reads it."""
        return self.root / "answers.sha256"

    @property
    def scores(self) -> Path:
        return self.root / "scores.jsonl"

    def answer(self, cell: Cell) -> Path:
        return self.root / "answers" / cell.file_name

    def cost(self, cell: Cell) -> Path:
        return self.root / "costs" / cell.file_name

    def trace(self, cell: Cell) -> Path:
        return (self.root / "traces" / cell.file_name).with_suffix(".jsonl")

    def fault(self, name: str) -> Path:
        """Where the trace of something that went wrong lies."""
        return self.root / "faults" / f"{quote(name, safe='')}.txt"

    def score(self, task_id: str) -> Path:
        return self.root / "scores" / f"{quote(task_id, safe='')}.json"


# --- writing and reading -------------------------------------------------------------------------


def write_atomically(path: Path, text: str) -> None:
    """The whole file or the old one, also when the power goes. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TORN}{os.uname().nodename}-{os.getpid()}-{path.name}")
    try:
        with temporary.open("w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sweep_torn(root: Path) -> None:
    """Remove what a killed process had half written."""
    for path in root.rglob(f"{TORN}*"):
        path.unlink(missing_ok=True)


def to_json(record: object) -> str:
    """One line, keys sorted: the same record always gives the same bytes."""
    value = asdict(record) if hasattr(record, "__dataclass_fields__") else record  # type: ignore[call-overload]
    return json.dumps(value, sort_keys=True, ensure_ascii=True) + "\n"


def write_tasks(path: Path, tasks: Sequence[PublicTask]) -> None:
    write_atomically(path, "".join(to_json(task) for task in tasks))


def read_tasks(path: Path) -> tuple[PublicTask, ...]:
    """The public tasks that `publish` wrote. Raises BenchError."""
    return tuple(
        PublicTask(**row | {"visible": tuple(row["visible"])}) for _, row in read_rows(path)
    )


def read_answer(path: Path) -> Answer:
    """Raises BenchError for a file that is no answer."""
    row = read_object(path)
    try:
        row["candidates"], row["stages"] = tuple(row["candidates"]), tuple(row["stages"])
        return Answer(**row)
    except (KeyError, TypeError) as exc:
        raise BenchError(f"{path} is no answer file ({exc}); delete it and run again") from exc


def read_object(path: Path) -> Json:
    """A file with one JSON object. Raises BenchError."""
    try:
        value = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    except OSError as exc:
        raise BenchError(f"{path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise BenchError(f"{path} is not JSON ({exc}); delete it and run again") from exc
    if not isinstance(value, dict):
        raise BenchError(f"{path} holds no JSON object; delete it and run again")
    return value


def read_rows(path: Path) -> Iterator[tuple[int, Json]]:
    """(line number, object) of a JSONL file, gzip or not; streamed, empty lines left out.

    Raises SuiteError with the line number.
    """
    number = 0
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _object(line, path, number)
    except DAMAGED_GZIP as exc:
        raise SuiteError(f"{path} is a damaged gzip file after line {number}: {exc}") from exc
    except UnicodeDecodeError as exc:
        raise SuiteError(f"{path} is not utf-8 after line {number}: {exc.reason}") from exc
    except OSError as exc:
        raise SuiteError(f"{path} cannot be read: {exc.strerror or exc}") from exc


def _open(path: Path) -> Any:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt", encoding="utf-8") if is_gzip else path.open(encoding="utf-8")


def _object(line: str, path: Path, number: int) -> Json:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise SuiteError(f"{path} line {number} is not JSON: {exc}") from exc
    if not isinstance(row, dict):
        raise SuiteError(f"{path} line {number} is no JSON object but a {type(row).__name__}")
    return row


# --- the hash of the answers ---------------------------------------------------------------------


def write_manifest(folder: RunFolder, cells: Sequence[Cell]) -> str:
    """Write what the answers are, and give the sha256 of that list."""
    names = sorted(f"answers/{cell.file_name}" for cell in cells)
    text = "".join(f"{file_sha256(folder.root / name)}  {name}\n" for name in names)
    write_atomically(folder.manifest, text)
    return text_sha256(text)


def check_manifest(folder: RunFolder, expected: str) -> tuple[str, ...]:
    """The answer files, all as they were when the solver was done. Raises RunMismatch."""
    text = folder.manifest.read_text(encoding="utf-8")
    if text_sha256(text) != expected:
        raise RunMismatch(
            f"{folder.manifest} has sha256 {text_sha256(text)[:12]}, the solver gave"
            f" {expected[:12]}; nothing was scored"
        )
    names = []
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        if file_sha256(folder.root / name) != digest:
            raise RunMismatch(f"{folder.root / name} was changed after it was written; not scored")
        names.append(name)
    return tuple(names)


def file_sha256(path: Path) -> str:
    """Raises RunMismatch when the file is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise RunMismatch(f"{path} is not there; run the benchmark again to make it") from None


def text_sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def select_tasks(
    tasks: Sequence[PublicTask],
    *,
    parts: Sequence[str] = (),
    task_ids: Sequence[str] = (),
    limit: int | None = None,
) -> tuple[PublicTask, ...]:
    """Those that were asked for, in the suite's order; a limit is spread evenly over the parts.

    Raises SuiteError for a part or a task that the suite lacks.
    """
    for wanted, known in ((parts, {t.part for t in tasks}), (task_ids, {t.task_id for t in tasks})):
        missing = [one for one in wanted if one not in known]
        if missing:
            some = ", ".join(sorted(known)[:6])
            raise SuiteError(f"the suite has no {missing[0]!r}; it has {some}")
    chosen = [
        task
        for task in tasks
        if (not parts or task.part in parts) and (not task_ids or task.task_id in task_ids)
    ]
    return tuple(chosen) if limit is None else _spread(chosen, limit)


def _spread(tasks: Sequence[PublicTask], limit: int) -> tuple[PublicTask, ...]:
    by_part: dict[str, list[str]] = {}
    for task in tasks:
        by_part.setdefault(task.part, []).append(task.task_id)
    ranked = sorted((rank, ids[rank]) for ids in by_part.values() for rank in range(len(ids)))
    kept = {task_id for _, task_id in ranked[:limit]}
    return tuple(task for task in tasks if task.task_id in kept)


def canonical(record: Mapping[str, Any]) -> Json:
    """As it would be read back from a file."""
    value: Json = json.loads(json.dumps(record))
    return value
