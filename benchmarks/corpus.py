"""Every program of the corpus again and again: forged passes, false failures, verdicts that change.

`python -m benchmarks.corpus --repeats 20 --crowd 3` keeps three busy processes per CPU beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from sandbox import open_sandbox
from sandbox.api import Sandbox
from sandbox.verdicts import run_tests
from tests.sandbox.corpus_file import CORPUS, Case, load


@contextlib.contextmanager
def crowd(n_per_cpu: int) -> Iterator[None]:
    """Busy processes beside the measurement."""
    n = n_per_cpu * len(os.sched_getaffinity(0))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


async def verdicts(box: Sandbox, cases: Sequence[Case]) -> list[str]:
    async def one(case: Case) -> str:
        (verdict,) = await run_tests(box, case.code, [case.test], group=case.name)
        return verdict.kind.value

    return await asyncio.gather(*(one(case) for case in cases))


async def measure(kind: str, cases: Sequence[Case], repeats: int) -> list[Counter[str]]:
    """How often each case got each verdict."""
    seen: list[Counter[str]] = [Counter() for _ in cases]
    box = open_sandbox(kind, workers=2)  # type: ignore[arg-type]
    await box.start()
    try:
        for round_ in range(repeats):
            began = time.monotonic()
            for counter, verdict in zip(seen, await verdicts(box, cases), strict=True):
                counter[verdict] += 1
            took = time.monotonic() - began
            print(f"round {round_ + 1} of {repeats}: {took:.0f} s", file=sys.stderr)
    finally:
        await box.aclose()
    return seen


def report(cases: Sequence[Case], seen: Sequence[Counter[str]]) -> dict[str, object]:
    wrong = {
        case.name: dict(counter)
        for case, counter in zip(cases, seen, strict=True)
        if not set(counter) <= case.verdicts
    }
    pairs = list(zip(cases, seen, strict=True))
    hostile = [(case, counter) for case, counter in pairs if case.name.startswith("hostile/")]
    honest = [(case, counter) for case, counter in pairs if case.name.startswith("honest/")]
    return {
        "hostile_programs": len(hostile),
        "honest_programs": len(honest),
        "runs": sum(counter.total() for counter in seen),
        "forged_passes": sum(counter["pass"] for _, counter in hostile),
        "false_failures": sum(counter.total() - counter["pass"] for _, counter in honest),
        "unexpected_verdicts": wrong,
    }


def cases_for(kind: str, folder: Path = CORPUS) -> list[Case]:
    cases = [
        load(path)
        for part in ("hostile", "honest")
        for path in sorted((folder / part).glob("*.py"))
    ]
    return [case for case in cases if case.only in ("", kind)]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--crowd", type=int, default=0, metavar="N", help="busy processes per CPU")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(argv)
    cases = cases_for(args.sandbox)
    with crowd(args.crowd):
        seen = asyncio.run(measure(args.sandbox, cases, 1 if args.quick else args.repeats))
    found = report(cases, seen)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in found.items()))
    return 0 if not found["unexpected_verdicts"] else 1


if __name__ == "__main__":
    sys.exit(main())
