"""Mutation score of generated tests on reference solutions that are known to be right.

`python -m benchmarks.testgen [--quick] [--json] [--max N] [--data FOLDER]`. For each reference:
tests are proposed as `atlas tests` proposes them, the examples that the docstring has stay. Then
mutants that the generator never saw (another seed, and twice as many) are judged:

* killable: some call of a large held-back set (another seed, all edges, fresh and mutated calls)
  shows another behaviour than the reference's;
* killed: the docstring's examples or a proposed test fail on it.

The reference is right, so a proposed test that fails on it, or a test that passes only with some
hash seeds (five are run), is a fault of ours. References run in the sandbox only.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.context import Context, Settings
from pipeline.models.scripted import ScriptedModel
from pipeline.nano.bench import load_bench
from pipeline.nano.hidden import load_hidden
from pipeline.repair.cases import cases_of
from pipeline.repair.hints import split_tests
from pipeline.repair.mutants import kill_table, mutants_of
from pipeline.repair.plausible import plausible
from pipeline.repair.screen import can_screen
from pipeline.repair.target import target_of
from pipeline.repair.testgen import MAX_TESTS, TestProposal, proposed
from pipeline.source.locate import find_function
from pipeline.source.task import task_from_file
from pipeline.source.text import document_from_bytes
from pipeline.task import Task
from sandbox import open_sandbox
from sandbox.api import Sandbox, SandboxUnavailable, Test
from sandbox.verdicts import run_tests

HELD_BACK_SEED = 7919
N_MUTANTS = 240
HASH_SEEDS = range(5)
QUICK_LIMIT = 15


@dataclass(frozen=True, kw_only=True)
class Reference:
    set: str
    task_id: str
    source: str
    """The module; its function is right."""
    entry_point: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the proposed tests of one reference are worth."""

    set: str
    task_id: str
    n_tests: int
    killable: int
    killed_before: int
    """By the docstring's own examples."""
    killed: int
    failing: int
    """Proposed tests that fail on the reference."""
    flaky: int
    wall_s: float
    """For the proposal."""
    why: str
    """Why there is no test."""

    @property
    def share(self) -> float:
        return self.killed / self.killable

    @property
    def share_before(self) -> float:
        return self.killed_before / self.killable


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_LIMIT} references of each set"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document, no table")
    parser.add_argument("--max", type=int, default=MAX_TESTS, help="tests for each function")
    parser.add_argument("--limit", type=int, help="at most so many references of each set")
    parser.add_argument("--only", default="", help="references whose id contains this text")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="data folder")
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("-v", "--verbose", action="store_true", help="one line per reference")
    args = parser.parse_args()
    try:
        rows = asyncio.run(measure(args))
    except SandboxUnavailable as exc:
        print(f"benchmarks.testgen: {exc}", file=sys.stderr)
        return 3
    names = dict.fromkeys(row.set for row in rows)
    report = {name: summed([row for row in rows if row.set == name]) for name in names}
    print(json.dumps(report, indent=1) if args.json else as_text(report))
    return 0


async def measure(args: argparse.Namespace) -> list[Row]:
    limit = args.limit or (QUICK_LIMIT if args.quick else None)
    sandbox = open_sandbox(args.sandbox)
    await sandbox.start()
    rows = []
    try:
        for group in (human_eval(args.data), nano_bench()):
            chosen = [one for one in group if args.only in one.task_id]
            step = max(1, len(chosen) // limit) if limit else 1
            for one in chosen[::step][:limit]:
                rows.append(await judged(sandbox, one, args.max))
                if args.verbose:
                    print(line(rows[-1]), file=sys.stderr, flush=True)
    finally:
        await sandbox.aclose()
    return rows


# --- references --------------------------------


def human_eval(data: Path) -> list[Reference]:
    path = data / "suites" / "HumanEval.jsonl.gz"
    if not path.is_file():
        print(f"benchmarks.testgen: no {path.name} in {data}; give --data", file=sys.stderr)
        return []
    return [
        Reference(
            set="HumanEval",
            task_id=row["task_id"],
            source=row["prompt"] + row["canonical_solution"],
            entry_point=row["entry_point"],
        )
        for row in records(path)
    ]


def records(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def nano_bench() -> list[Reference]:
    hidden = load_hidden()
    return [
        Reference(
            set="nano-bench",
            task_id=task.task_id,
            source=with_body(task.source, hidden[task.task_id].reference),
            entry_point=task.entry_point,
        )
        for task in load_bench()
        if task.part != "repair"
    ]


def with_body(stub: str, reference: str) -> str:
    """The stub's signature and docstring with the body of the reference."""
    head = stub[: stub.rindex('"""') + 3]
    return f"{head}\n{reference.partition(chr(10))[2]}"


# --- one reference --------------------------------


async def judged(sandbox: Sandbox, reference: Reference, max_tests: int) -> Row:
    document = document_from_bytes(reference.source.encode())
    site = find_function(document, reference.entry_point)
    task = task_from_file(document, site)
    settings = Settings(self_tests=False)
    ctx = Context(model=ScriptedModel([]), sandbox=sandbox, settings=settings)
    began = time.monotonic()
    proposal = await proposed(ctx, document, site, task, style="doctest", max_tests=max_tests)
    wall_s = time.monotonic() - began
    new = new_tests(task, proposal, reference)
    failing, flaky = await faults(sandbox, task, new)
    old = [test for test in split_tests(task) if can_screen(test)]
    cases = await cases_of(
        sandbox, task, target_of(document, site), task.statement, seed=HELD_BACK_SEED
    )
    held_back = [case.test for case in plausible(task, cases.good)]
    seen = {m.code for m in mutants_of(task.statement)}
    unseen = [
        m
        for m in mutants_of(task.statement, n=N_MUTANTS, seed=HELD_BACK_SEED)
        if m.code not in seen
    ]
    mutants = unseen or mutants_of(task.statement)
    table = await kill_table(sandbox, task, mutants, [*old, *new, *held_back])
    n_old, n_all = len(old), len(old) + len(new)
    return Row(
        set=reference.set,
        task_id=reference.task_id,
        n_tests=len(proposal.tests),
        killable=sum(1 for by in table.killed_by if by),
        killed_before=len(table.killed(range(n_old))),
        killed=len(table.killed(range(n_all))),
        failing=failing,
        flaky=flaky,
        wall_s=wall_s,
        why="; ".join([*map(str, proposal.questions), *proposal.warnings]),
    )


def new_tests(task: Task, proposal: TestProposal, reference: Reference) -> list[Test]:
    """What the docstring with the proposed examples has more than the one before."""
    if not proposal.edits:
        return []
    document = document_from_bytes(proposal.edits[0].new_text.encode())
    grown = task_from_file(document, find_function(document, reference.entry_point))
    before = {repr((t.form, t.expect)) for t in split_tests(task)}
    return [t for t in split_tests(grown) if repr((t.form, t.expect)) not in before]


async def faults(sandbox: Sandbox, task: Task, tests: Sequence[Test]) -> tuple[int, int]:
    """(tests that fail with every hash seed, tests that fail with some)."""
    program = task.program(task.statement)
    rows = await asyncio.gather(
        *(run_tests(sandbox, program, tests, hash_seed=seed) for seed in HASH_SEEDS)
    )
    passed = [{verdict.passed for verdict in column} for column in zip(*rows, strict=True)]
    return passed.count({False}), passed.count({True, False})


# --- reporting --------------------------------


def summed(rows: Sequence[Row]) -> dict[str, object]:
    able = [row for row in rows if row.killable]
    shares = sorted(row.share for row in able)
    counts = [row.n_tests for row in rows]
    return {
        "references": len(rows),
        "with killable mutants": len(able),
        "mean mutation score %": percent(statistics.fmean(shares)) if shares else None,
        "mean before %": percent(statistics.fmean(row.share_before for row in able))
        if able
        else None,
        "median %": percent(statistics.median(shares)) if shares else None,
        "10th percentile %": percent(shares[len(shares) // 10]) if shares else None,
        "killed of killable, all mutants": f"{sum(r.killed for r in able)} of "
        f"{sum(r.killable for r in able)}",
        "tests for a function, mean": round(statistics.fmean(counts), 2),
        "without a new test": counts.count(0),
        "tests": sum(counts),
        "tests that fail on the reference": sum(row.failing for row in rows),
        "flaky in 5 runs": sum(row.flaky for row in rows),
        "median s for a proposal": round(statistics.median(row.wall_s for row in rows), 2),
        "slowest s": round(max(row.wall_s for row in rows), 2),
    }


def percent(share: float) -> float:
    return round(100 * share, 1)


def line(row: Row) -> str:
    return json.dumps(asdict(row))


def as_text(report: dict[str, dict[str, object]]) -> str:
    lines = ["generated tests against mutants that the generator never saw"]
    for name, values in report.items():
        lines.append(name)
        lines += [f"  {what:36} {value}" for what, value in values.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
