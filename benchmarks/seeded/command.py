"""`--package` of `benchmarks.projects`: planted bugs, repaired or found and repaired."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from benchmarks.seeded.packages import NotUsable, prepared
from benchmarks.seeded.tables import as_document, as_text
from benchmarks.seeded.trial import Plan, Score, measured
from pipeline.core.context import Settings
from pipeline.storage.caches import cache_folder
from pipeline.wiring import runtime

QUICK_N = 3


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="NAME==VERSION",
        help="plant bugs in this package of the index; may be given several times",
    )
    parser.add_argument("--n", type=int, default=20, help="bugs, each in another function")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stubs", action="store_true", help="empty the bodies instead")
    parser.add_argument("--fix", action="store_true", help="Atlas is not told where the bug is")
    parser.add_argument("--model", default="nano", metavar="PATH|NAME|URL")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds for one function")
    parser.add_argument("--packages", type=Path, help="where packages are kept between runs")


def run(args: argparse.Namespace) -> int:
    scores = asyncio.run(_run(args))
    print(json.dumps(as_document(scores), indent=1) if args.json else as_text(scores))
    return 0 if scores else 3


async def _run(args: argparse.Namespace) -> list[Score]:
    plan = Plan(
        n=QUICK_N if args.quick else args.n,
        seed=args.seed,
        stubs=args.stubs,
        fix=args.fix,
        settings=Settings(seed=args.seed, timeout_s=args.timeout),
    )
    cache = (args.packages or cache_folder() / "planted").absolute()
    scores: list[Score] = []
    async with runtime(model=args.model, workers=2) as opened:
        for wanted in args.package:
            try:
                package = prepared(wanted, cache)
                # As in a shell where the package's environment is active.
                os.environ["VIRTUAL_ENV"] = str(package.environment)
                scores += await measured(opened, package, plan, _tell)
            except NotUsable as exc:
                print(f"benchmarks.projects: left out: {exc}", file=sys.stderr)
    return scores


def _tell(score: Score) -> None:
    mark = "right" if score.is_right else "wrong"
    print(
        f"{score.function} [{score.kind}] {score.what}: {score.status}, {mark}, rank {score.rank}, "
        f"{score.seconds} s, {score.tokens} tokens {score.why}",
        file=sys.stderr,
        flush=True,
    )
