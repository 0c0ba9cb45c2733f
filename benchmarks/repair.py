"""Mechanical repair against planted bugs: hidden-test success, precision, time to the first patch.

The sets are those of the data folder: HumanEvalFix and QuixBugs, or what `benchmarks.planted` made.
`python -m benchmarks.repair [--quick] [--json] [--deadline S]` solves with the docstring's examples
only, writes the answers and their sha256, and then starts `... score`, the only process that opens
the hidden tests; it runs them in a sandbox of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.bench.statistics import clopper_pearson, wilson
from pipeline.edits.mechanical import SearchProgress, repair_mechanically
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox import open_sandbox
from sandbox.api import Job, Limits, Outcome, Program, Sandbox, SandboxUnavailable
from sandbox.verdicts import run_twice

HIDDEN_LIMITS = Limits(cpu_s=5.0, memory_mb=512)
QUICK_LIMIT = 12


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was submitted for one task."""

    set: str
    task_id: str
    status: str
    """`verified`, `passing` (all examples, with a doubt), `unverified`; `silent`: none fails."""
    source: str
    """The whole module with the submitted function."""
    edits: tuple[str, ...]
    n_examples: int
    first_plausible_s: float | None
    wall_s: float
    share: float = 0.0
    """Of the belief in all plausible behaviours."""
    doubt: str = ""
    """Why a patch that passes every example is not called verified."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_LIMIT} tasks of each set")
    parser.add_argument("--json", action="store_true", help="one JSON document, no table")
    parser.add_argument("--deadline", type=float, default=10.0, help="seconds per task")
    parser.add_argument("--limit", type=int, help="at most so many tasks of each set")
    parser.add_argument("--only", default="", help="tasks whose id contains this text")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="data folder")
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--out", type=Path, help="where answers are kept (default: thrown away)")
    parser.add_argument("-v", "--verbose", action="store_true", help="one line per task")
    args = parser.parse_args()
    if not sets_in(args.data):
        print(f"benchmarks.repair: skipped, no set in {args.data}/repair; give --data FOLDER")
        return 0
    try:
        report = measure(args)
    except SandboxUnavailable as exc:
        print(f"benchmarks.repair: {exc}", file=sys.stderr)
        return 3
    print(json.dumps(report, indent=1) if args.json else as_text(report))
    return 0


def sets_in(data: Path) -> list[str]:
    """Those with hidden tests, as `benchmarks.planted` writes one."""
    hidden = sorted((data / "repair").glob("*.hidden.jsonl.gz"))
    return [path.name.removesuffix(".hidden.jsonl.gz") for path in hidden]


def measure(args: argparse.Namespace) -> dict[str, object]:
    limit = args.limit or (QUICK_LIMIT if args.quick else None)
    answers = asyncio.run(solve_all(args, limit))
    with tempfile.TemporaryDirectory() as folder:
        path = args.out or Path(folder) / "answers.jsonl"
        path.write_text("".join(json.dumps(asdict(a)) + "\n" for a in answers), encoding="utf-8")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        passed = scored(path, args.data, args.sandbox)
    if args.verbose:
        for a in answers:
            mark = "pass" if passed[a.task_id] else "fail"
            edits = "; ".join(a.edits) + (f" ({a.doubt})" if a.doubt else "")
            print(
                f"{a.task_id:28} {a.status:10} {mark} {a.wall_s:5.1f}s {a.share:.2f} {edits}",
                file=sys.stderr,
            )
    rows = {name: row([a for a in answers if a.set == name], passed) for name in sets_in(args.data)}
    return {"deadline_s": args.deadline, "answers_sha256": digest, **rows}


def scored(path: Path, data: Path, kind: str) -> dict[str, bool]:
    """Have the answers scored by another process."""
    command = [sys.executable, "-m", "benchmarks.repair", "score", str(path), str(data), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, bool] = json.loads(done.stdout)
    return found


# --- solving: knows nothing of hidden tests ------------------------------------------------------


def records(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


async def solve_all(args: argparse.Namespace, limit: int | None) -> list[Answer]:
    sandbox = open_sandbox(args.sandbox)
    await sandbox.start()
    try:
        answers = []
        for name in sets_in(args.data):
            tasks = list(records(args.data / "repair" / f"{name}.jsonl.gz"))
            for record in [t for t in tasks if args.only in t["task_id"]][:limit]:
                answers.append(await solve(sandbox, name, record, args.deadline))
                if sys.stderr.isatty():
                    print(f"\r{name}: {len(answers)} solved", end="", file=sys.stderr)
        return answers
    finally:
        await sandbox.aclose()


async def solve(sandbox: Sandbox, name: str, record: dict[str, str], deadline_s: float) -> Answer:
    """One submitted patch, or the function as it is."""
    document = document_from_bytes(record["source"].encode())
    site = find_function(document, record["entry_point"])
    task = task_from_file(document, site)
    began = time.monotonic()
    first: list[float] = []

    def on_progress(progress: SearchProgress) -> None:
        first.append(progress.elapsed_s)

    patches = await repair_mechanically(
        sandbox, task, deadline_s=deadline_s, on_progress=on_progress
    )
    wall_s = time.monotonic() - began
    best = patches[0] if patches else None
    before, after = document.text[: site.start], document.text[site.end :]
    status = "unverified"
    if best and best.is_plausible:
        status = "verified" if best.is_verified else "passing"
    elif not best:
        before = await run_twice(sandbox, task.program(task.statement), task.tests)
        status = "silent" if all(v.passed for v in before) else status
    return Answer(
        set=name,
        task_id=record["task_id"],
        status=status,
        source=f"{before}{best.code.rstrip()}{after}" if best else record["source"],
        edits=best.edits if best else (),
        n_examples=len(task.examples),
        first_plausible_s=first[0] if first else None,
        wall_s=wall_s,
        share=best.share if best else 0.0,
        doubt=best.doubt if best else "",
    )


# --- scoring: another process -------------------------------------------------------------------


def score(path: Path, data: Path, kind: str) -> int:
    answers = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    print(json.dumps(asyncio.run(score_all(answers, data, kind))))
    return 0


async def score_all(answers: Sequence[dict[str, str]], data: Path, kind: str) -> dict[str, bool]:
    hidden = {
        record["task_id"]: record["test"]
        for name in sets_in(data)
        for record in records(data / "repair" / f"{name}.hidden.jsonl.gz")
    }
    mark = os.urandom(8).hex()
    jobs = [
        Job(
            code=f"{a['source']}\n\n{hidden[a['task_id']]}\nprint({mark!r})\n",
            form=Program(),
            limits=HIDDEN_LIMITS,
        )
        for a in answers
    ]
    sandbox = open_sandbox("docker" if kind == "docker" else "unsafe-local")
    await sandbox.start()
    try:
        seen = await sandbox.run(jobs)
    finally:
        await sandbox.aclose()
    return {
        a["task_id"]: one.outcome is Outcome.RETURNED
        and one.stdout.rstrip().endswith(mark.encode())
        for a, one in zip(answers, seen, strict=True)
    }


# --- reporting ----------------------------------------------------------------------------------


def row(answers: Sequence[Answer], passed: dict[str, bool]) -> dict[str, object]:
    shown = [a for a in answers if a.status != "silent"]
    verified = [a for a in answers if a.status == "verified"]
    passing = [a for a in answers if a.status in ("verified", "passing")]
    firsts = [a.first_plausible_s for a in answers if a.first_plausible_s is not None]
    return {
        "of all": rate(answers, passed),
        "of those that an example shows": rate(shown, passed),
        "precision of verified": rate(verified, passed),
        "precision of all that pass every example": rate(passing, passed),
        "median first plausible s": round(statistics.median(firsts), 2) if firsts else None,
        "median first plausible s, tasks with a failing example": median_with_failures(shown),
        "no example fails": len(answers) - len(shown),
    }


def median_with_failures(answers: Sequence[Answer]) -> float | None:
    """Over all tasks to be repaired; None where fewer than half were."""
    times = sorted(
        float("inf") if a.first_plausible_s is None else a.first_plausible_s for a in answers
    )
    middle = statistics.median_low(times) if times else float("inf")
    return round(middle, 2) if middle < float("inf") else None


def rate(answers: Sequence[Answer], passed: dict[str, bool]) -> dict[str, object]:
    n, good = len(answers), sum(passed[a.task_id] for a in answers)
    between, exact = wilson(good, n), clopper_pearson(good, n)
    return {
        "passed": good,
        "n": n,
        "percent": percent(good / n if n else 0.0),
        "wilson 95 %": [percent(between.low), percent(between.high)],
        "clopper-pearson 95 %": [percent(exact.low), percent(exact.high)],
    }


def percent(share: float) -> float:
    return round(100 * share, 1)


def as_text(report: dict[str, object]) -> str:
    lines = [f"mechanical repair, {report['deadline_s']} s per task, hidden tests (Wilson 95 %)"]
    for name, rows in report.items():
        if not isinstance(rows, dict):
            continue
        lines.append(name)
        for what, value in rows.items():
            shown = value
            if isinstance(value, dict):
                low, high = value["wilson 95 %"]
                shown = f"{value['passed']} of {value['n']} = {value['percent']} % ({low}..{high})"
            lines.append(f"  {what:56} {shown}")
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["score"]:
        sys.exit(score(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
    sys.exit(main())
