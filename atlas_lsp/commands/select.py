"""`atlas select POOL --out FILE`: choose among recorded candidates, without their labels."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import print_json, setting_flag
from atlas_lsp.exits import OK, Stopped, UsageError

if TYPE_CHECKING:
    from pipeline.pools.choosing import OnDone, PoolChoice, PoolOptions

EVIDENCE = ("visible", "generated", "agreement", "lens")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "choose one of the recorded candidates of each task of a pool"
    parser = subparsers.add_parser("select", help=text, description=text)
    parser.add_argument(
        "pool", type=Path, metavar="POOL", help="JSON lines, gzip allowed; - reads stdin"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the choices")
    parser.add_argument(
        "--k", type=int, default=3, metavar="N", help="candidates of each task; 0 takes all"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which ones are drawn")
    parser.add_argument(
        "--evidence",
        type=_evidence,
        default=EVIDENCE[:3],
        metavar="LIST",
        help=f"comma-separated, of {', '.join(EVIDENCE)} (default: the first three)",
    )
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="tasks at a time")
    setting_flag(parser, "sandbox", choices=("docker", "unsafe-local"))
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.set_defaults(run=run)


def _evidence(text: str) -> tuple[str, ...]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(names - set(EVIDENCE))
    if unknown or not names - {"lens"}:
        what = f"no evidence called {unknown[0]!r}" if unknown else f"{text!r} decides nothing"
        raise argparse.ArgumentTypeError(f"{what}; there are {', '.join(EVIDENCE)}")
    return tuple(name for name in EVIDENCE if name in names)


def run(args: argparse.Namespace) -> int:
    if args.k < 0 or not 1 <= args.jobs <= 64:
        raise UsageError(f"--k {args.k} --jobs {args.jobs}: give a k of 0 or more and 1 to 64 jobs")
    if str(args.pool) == "-":
        with tempfile.TemporaryDirectory() as folder:
            args.pool = Path(folder) / "stdin.jsonl"
            args.pool.write_bytes(sys.stdin.buffer.read())
            return _choose(args)
    return _choose(args)


def _choose(args: argparse.Namespace) -> int:
    from pipeline.pools.choosing import PoolOptions
    from pipeline.pools.pool import PoolError

    if not args.pool.is_file():
        raise UsageError(f"{args.pool}: no such file; give a pool of JSON lines")
    if "lens" in args.evidence:
        print("lens: abstains, a pool holds no hidden states", file=sys.stderr)
    kinds = tuple(kind for kind in args.evidence if kind != "lens")
    try:
        return asyncio.run(_run(args, PoolOptions(k=args.k or None, seed=args.seed, kinds=kinds)))
    except PoolError as exc:
        raise UsageError(f"{args.pool.name}: {exc}") from exc
    except KeyboardInterrupt:
        raise Stopped(f"stopped; the same command goes on with {args.out}") from None


async def _run(args: argparse.Namespace, options: PoolOptions) -> int:
    from pipeline.pools.choosing import choose_pool
    from sandbox import open_sandbox

    counts: Counter[str] = Counter()
    with _progress(counts) as on_done:
        box = open_sandbox(args.sandbox)
        try:
            await box.start()
            n_known = await choose_pool(
                box, args.pool, args.out, options, jobs=args.jobs, on_done=on_done
            )
        finally:
            await box.aclose()
    if args.json:
        print_json({"chosen": dict(counts), "known": n_known, "out": str(args.out)})
        return OK
    said = ", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "nothing new"
    known = f" ({n_known} were there)" if n_known else ""
    print(f"{args.out}: {said}{known}", file=sys.stderr)
    return OK


@contextmanager
def _progress(counts: Counter[str]) -> Iterator[OnDone]:
    """Count the choices; on a terminal, show how many there are."""

    def count(choice: PoolChoice) -> None:
        counts[choice.status] += 1

    if not sys.stderr.isatty():
        yield count
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:

        def show(choice: PoolChoice) -> None:
            count(choice)
            status.update(f"{counts.total()} tasks, now {choice.task_id}: {choice.status}")

        yield show
