"""Scores anyone's answers to a suite in the sandbox: pass@k with intervals, resumable.

Reads what EvalPlus reads: JSON lines with `task_id` and `solution` or `completion`, or a folder
with a folder per task. Holds hidden tests; nothing is solved in this process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from pipeline.bench.grading import Hidden
from pipeline.bench.hidden import Located, locate, read_suite
from pipeline.bench.records import (
    BenchError,
    Json,
    PublicTask,
    RunFolder,
    RunMismatch,
    canonical,
    read_object,
    read_rows,
    text_sha256,
    to_json,
    write_atomically,
)
from pipeline.bench.scorer import TASKS_AT_ONCE, OnDone, all_of, score_task
from pipeline.bench.statistics import Interval, bootstrap, wilson
from sandbox.api import Sandbox

LONGEST = 4 << 20
"""Characters of one answer; a longer one counts as wrong and is not run."""
KS = (1, 3, 5, 10, 20, 50, 100)
TOO_LONG = "too_long"


@dataclass(frozen=True, kw_only=True)
class Samples:
    """The answers to each task, in the order of the file."""

    by_task: Mapping[str, tuple[str, ...]]
    sha256: str

    @property
    def n(self) -> int:
        return sum(map(len, self.by_task.values()))


@dataclass(frozen=True, kw_only=True)
class PassAtK:
    mark: str
    """`official`, or another count of the same runs: `base`, `strict`."""
    k: int
    rate: float
    interval: Interval


def read_samples(path: Path, tasks: Mapping[str, PublicTask]) -> Samples:
    """Raises BenchError for a file that is no samples, or for a task that the suite lacks."""
    rows = list(_folder(path, tasks) if path.is_dir() else _lines(path))
    by_task: dict[str, list[str]] = {}
    for where, row in rows:
        task_id = row.get("task_id")
        if task_id not in tasks:
            some = ", ".join(list(tasks)[:3])
            raise BenchError(f"{where}: the suite has no task {task_id!r}; it has {some}, ...")
        by_task.setdefault(str(task_id), []).append(_program(row, tasks[str(task_id)], where))
    if not by_task:
        raise BenchError(f"{path} holds no answers; it takes lines of task_id and solution")
    pairs = [[task_id, programs] for task_id, programs in by_task.items()]
    return Samples(
        by_task={task_id: tuple(programs) for task_id, programs in by_task.items()},
        sha256=text_sha256(to_json(pairs)),
    )


def _lines(path: Path) -> Iterator[tuple[str, Json]]:
    if not path.exists():
        raise BenchError(f"{path} is not there; give a JSONL file or a folder of answers")
    for number, row in read_rows(path):
        yield f"{path} line {number}", row


def _folder(path: Path, tasks: Mapping[str, PublicTask]) -> Iterator[tuple[str, Json]]:
    """`HumanEval_0/0.py`, as EvalPlus writes them: the folder's name is the id with `_` for `/`."""
    names = {task_id.replace("/", "_"): task_id for task_id in tasks}
    for file in sorted(path.glob("*/*.py"), key=lambda p: (p.parent.name, len(p.stem), p.stem)):
        text = file.read_text(encoding="utf-8", errors="replace")
        yield (
            str(file),
            {"task_id": names.get(file.parent.name, file.parent.name), "solution": text},
        )


def _program(row: Json, public: PublicTask, where: str) -> str:
    """A completion goes behind the suite's own prompt."""
    solution, completion = row.get("solution"), row.get("completion")
    if isinstance(solution, str):
        return solution
    if isinstance(completion, str):
        return (public.prompt or public.source) + completion
    raise BenchError(f"{where}: neither `solution` nor `completion` is a text")


async def score_samples(
    folder: RunFolder, suite: str, path: Path, box: Sandbox, on_done: OnDone | None = None
) -> Json:
    """Judge every answer, each distinct one once; what has a score already is not run again.

    Returns the result that also lies in `result.json`. Raises BenchError, SandboxError, OSError.
    """
    located = locate(suite)
    public, hidden = _suite(located)
    samples = read_samples(path, public)
    _claim(folder, located, samples)
    wanted = iter([one for one in hidden if one.task_id in samples.by_task])
    n_done, faults = 0, []

    async def work() -> None:
        nonlocal n_done
        for one in wanted:
            short = [p for p in dict.fromkeys(samples.by_task[one.task_id]) if len(p) <= LONGEST]
            if not await score_task(folder, box, one, short):
                faults.append(one.task_id)
            n_done += 1
            if on_done is not None:
                on_done(n_done, len(samples.by_task))

    await all_of(work() for _ in range(TASKS_AT_ONCE))
    result = _result(folder, located, samples, len(public), sorted(faults))
    write_atomically(folder.root / "result.json", to_json(result))
    return result


def _suite(located: Located) -> tuple[dict[str, PublicTask], list[Hidden]]:
    pairs = list(read_suite(located))
    return {public.task_id: public for public, _ in pairs}, [hidden for _, hidden in pairs]


def _claim(folder: RunFolder, located: Located, samples: Samples) -> None:
    """The folder is a new one, or one of the very same answers. Raises RunMismatch."""
    record = canonical(
        {"suite": located.name, "suite_sha256": located.sha256, "samples_sha256": samples.sha256}
    )
    path = folder.root / "samples.json"
    if folder.run.exists():
        raise RunMismatch(f"{folder.root} holds a run; give another --out")
    if path.exists() and (before := read_object(path)) != record:
        differs = next(key for key in record if before.get(key) != record[key])
        raise RunMismatch(f"{folder.root} holds scores of another {differs}; give another --out")
    write_atomically(path, to_json(record))


def _result(
    folder: RunFolder, located: Located, samples: Samples, n_tasks: int, faults: list[str]
) -> Json:
    rows = {
        task_id: [_grade(folder, task_id, one) for one in programs]
        for task_id, programs in samples.by_task.items()
    }
    return canonical(
        {
            "suite": located.name,
            "suite_sha256": located.sha256,
            "samples_sha256": samples.sha256,
            "n_tasks": len(rows),
            "n_tasks_in_suite": n_tasks,
            "n_samples": samples.n,
            "faults": faults,
            "pass_at_k": [asdict(one) for one in pass_at_k(rows)],
            "tasks": rows,
        }
    )


def _grade(folder: RunFolder, task_id: str, program: str) -> Json:
    if len(program) > LONGEST:
        return {"passed": False, "first_failure": TOO_LONG, "marks": {}}
    grade: Json = read_object(folder.score(task_id))["programs"][text_sha256(program)]
    return {
        name: grade[name] for name in ("passed", "first_failure", "n_passed", "n_tests", "marks")
    }


# --- numbers -------------------------------------------------------------------------------------


def pass_at_k(rows: Mapping[str, Sequence[Json]]) -> list[PassAtK]:
    """For each mark and each k that every task has samples for."""
    fewest = min(map(len, rows.values()))
    marks = dict.fromkeys(mark for row in rows.values() for one in row for mark in one["marks"])
    made = []
    for mark in ("official", *(mark for mark in marks if mark != "dropped")):
        counts = [(len(row), sum(is_right(one, mark) for one in row)) for row in rows.values()]
        made += [_at(mark, k, counts) for k in KS if k <= fewest]
    return made


def is_right(grade: Json, mark: str) -> bool:
    return bool(grade["passed"]) if mark == "official" else grade["marks"].get(mark, 0) == 1


def _at(mark: str, k: int, counts: Sequence[tuple[int, int]]) -> PassAtK:
    """Interval: Wilson where each task has one sample, else a bootstrap over tasks."""
    values = [unbiased(n, right, k) for n, right in counts]
    rate = fmean(values)
    is_binary = all(value in (0.0, 1.0) for value in values)
    interval = wilson(sum(values), len(values)) if is_binary else bootstrap(values)
    return PassAtK(mark=mark, k=k, rate=rate, interval=interval)


def unbiased(n: int, right: int, k: int) -> float:
    """Chance that k of the n samples hold a right one (Chen et al. 2021, arXiv 2107.03374)."""
    if n - right < k:
        return 1.0
    return 1.0 - math.comb(n - right, k) / math.comb(n, k)
