"""Mutation score of generated tests on reference solutions that are known to be right.

`python -m benchmarks.testgen [--quick] [--bare] [--json] [--max N] [--data FOLDER]`. For each
reference tests are proposed as `atlas tests` proposes them; the examples that the docstring has
stay. With `--bare` the generator sees the function without its docstring, and the examples do not
count. Then mutants that the generator never saw (another seed, and twice as many) are judged:

* killable: some call of a large held-back set (two other seeds; edges, fresh and mutated calls)
  shows another behaviour than the reference's;
* killed: the docstring's examples or a proposed test fail on it;
* for HumanEval, as a judge that is not ours: of the mutants that the suite's own tests kill, those
  that are killed here too.

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

from pipeline.core.context import Context, Settings
from pipeline.core.task import Task
from pipeline.edits.mutants import Mutant, kill_table, mutants_of
from pipeline.inputs.target import Target, target_of
from pipeline.models.scripted import ScriptedModel
from pipeline.nano.bench import load_bench
from pipeline.nano.hidden import load_hidden
from pipeline.running.screen import can_screen, screen
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.testgen.cases import cases_of
from pipeline.testgen.plausible import plausible
from pipeline.testgen.proposal import TestProposal
from pipeline.testgen.testgen import MAX_TESTS, proposed
from sandbox import open_sandbox
from sandbox.api import Completes, Program, Sandbox, SandboxUnavailable, Test
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
    own_tests: str = ""
    """The suite's own: Python with a `check(candidate)`."""


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
    suite_kills: int
    """Mutants that the suite's own tests kill."""
    both_kill: int
    """Of these, by the examples and the proposed tests too."""
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
    parser.add_argument("--bare", action="store_true", help="without docstrings and their examples")
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
                rows.append(await judged(sandbox, one, args.max, is_bare=args.bare))
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
            own_tests=f"{row['test']}\n\ncheck({row['entry_point']})\n",
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


async def judged(sandbox: Sandbox, reference: Reference, max_tests: int, *, is_bare: bool) -> Row:
    document = document_from_bytes(reference.source.encode())
    site = find_function(document, reference.entry_point)
    task = task_from_file(document, site)
    began = time.monotonic()
    proposal, new = await generated(sandbox, reference, max_tests, is_bare=is_bare)
    wall_s = time.monotonic() - began
    failing, flaky = await faults(sandbox, task, new)
    old = [] if is_bare else [test for test in task.examples if can_screen(test)]
    held_back = await held_back_tests(sandbox, task, target_of(document, site))
    seen = {mutant.code for mutant in mutants_of(task.statement)}
    many = mutants_of(task.statement, n=N_MUTANTS, seed=HELD_BACK_SEED)
    mutants = [m for m in many if m.code not in seen] or mutants_of(task.statement)
    table = await kill_table(sandbox, task, mutants, [*old, *new, *held_back])
    killed = table.killed(range(len(old) + len(new)))
    by_suite = await killed_by_suite(sandbox, task, table.mutants, reference.own_tests)
    return Row(
        set=reference.set,
        task_id=reference.task_id,
        n_tests=len(proposal.tests),
        killable=sum(1 for by in table.killed_by if by),
        killed_before=len(table.killed(range(len(old)))),
        killed=len(killed),
        suite_kills=len(by_suite),
        both_kill=len(by_suite & killed),
        failing=failing,
        flaky=flaky,
        wall_s=wall_s,
        why="; ".join([*map(str, proposal.questions), *proposal.warnings]),
    )


async def generated(
    sandbox: Sandbox, reference: Reference, max_tests: int, *, is_bare: bool
) -> tuple[TestProposal, list[Test]]:
    """The proposal, and what the docstring has more than before."""
    source = without_docstring(reference) if is_bare else reference.source
    document = document_from_bytes(source.encode())
    site = find_function(document, reference.entry_point)
    task = task_from_file(document, site)
    settings = Settings(self_tests=False)
    ctx = Context(model=ScriptedModel([]), sandbox=sandbox, settings=settings)
    proposal = await proposed(ctx, document, site, task, style="doctest", max_tests=max_tests)
    if not proposal.edits:
        return proposal, []
    grown_document = document_from_bytes(proposal.edits[0].new_text.encode())
    grown = task_from_file(grown_document, find_function(grown_document, reference.entry_point))
    before = {repr((t.form, t.expect)) for t in task.examples}
    new = [t for t in grown.examples if repr((t.form, t.expect)) not in before]
    return proposal, new


def without_docstring(reference: Reference) -> str:
    document = document_from_bytes(reference.source.encode())
    site = find_function(document, reference.entry_point)
    if site.docstring_start is None or site.body_start is None:
        return reference.source
    return document.text[: site.docstring_start] + document.text[site.body_start :]


async def held_back_tests(sandbox: Sandbox, task: Task, target: Target) -> list[Test]:
    """Calls like those of the examples, which the generator did not see."""
    found = [
        await cases_of(sandbox, task, target, task.statement, seed=seed)
        for seed in (HELD_BACK_SEED, HELD_BACK_SEED + 1)
    ]
    return [case.test for cases in found for case in plausible(task, cases.good)]


async def killed_by_suite(
    sandbox: Sandbox, task: Task, mutants: Sequence[Mutant], own_tests: str
) -> frozenset[int]:
    """Indices of the mutants that fail the suite's own tests; a first look, in few processes."""
    if not own_tests:
        return frozenset()
    programs = [f"{task.program(mutant.code)}\n{own_tests}" for mutant in mutants]
    whole = Test(test_id="suite", form=Program(), expect=Completes())
    seen = await screen(sandbox, programs, [whole], limit_s=0.5)
    return frozenset(i for i, one in enumerate(seen) if not one.passes)


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
    by_suite = [row.both_kill / row.suite_kills for row in rows if row.suite_kills]
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
        "mean, of what the suite's own tests kill %": percent(statistics.fmean(by_suite))
        if by_suite
        else None,
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
        lines += [f"  {what:42} {value}" for what, value in values.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
