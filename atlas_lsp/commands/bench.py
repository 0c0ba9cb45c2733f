"""`atlas bench run` and `atlas bench report`: the headless benchmark."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas_lsp.commands.common import add_common, count

if TYPE_CHECKING:
    from pipeline.bench.records import Cell, RunFolder
    from pipeline.bench.results import Results
    from pipeline.bench.run import OnDone, Plan
    from pipeline.wiring import Runtime

STDERR = 2
"""The scorer's progress goes there: standard output is for the report."""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "run a task set without an editor, scored on tests that the solver never sees"
    parser = subparsers.add_parser("bench", help=text, description=text)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands)
    report = commands.add_parser("report", help="tables, and one HTML page with plots")
    report.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    report.add_argument("--out", type=Path, metavar="DIR", help="default: the first DIR")
    report.add_argument("--json", action="store_true", help="print the report as JSON")
    report.set_defaults(run=run_report)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("run", help="solve a suite, then score it; resumable")
    parser.add_argument("suite", metavar="SUITE", help="`nano`, or a JSONL file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="run folder")
    parser.add_argument(
        "--conditions",
        type=names,
        default=("A", "D"),
        metavar="LIST",
        help="A one greedy sample, B +Generate, C +Select, D +Repair, R3 plain samples, "
        "D-lens without a stage (default: A,D)",
    )
    add_common(parser)
    parser.set_defaults(timeout=600.0, run=run_bench)
    parser.add_argument("--k", type=count, default=3, metavar="N", help="candidates per round")
    parser.add_argument("--thinking", type=int, default=4096, metavar="N", help="token cap, 0: off")
    parser.add_argument("--seeds", type=seeds, default=(), metavar="LIST", help="default: --seed")
    parser.add_argument("--limit", type=positive, metavar="N", help="spread over the parts")
    parser.add_argument("--parts", type=names, default=(), metavar="LIST")
    parser.add_argument("--tasks", type=names, default=(), metavar="LIST", help="task ids")
    parser.add_argument("--from", dest="start", metavar="DATE", help="first contest day")
    parser.add_argument("--to", dest="end", metavar="DATE", help="last contest day")
    parser.add_argument("--workers", type=count, default=4, metavar="N", help="tasks at a time")
    parser.add_argument("--quiet", action="store_true", help="no report at the end")
    parser.add_argument(
        "--min-tests", type=int, default=3, metavar="N", help="hidden tests per task, median"
    )


def names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def seeds(text: str) -> tuple[int, ...]:
    return tuple(int(name) for name in names(text))


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is out of range; give 1 or more")
    return value


def run_bench(args: argparse.Namespace) -> int:
    return _checked(lambda: asyncio.run(_run(args)))


def run_report(args: argparse.Namespace) -> int:
    return _checked(lambda: _report(args))


def _checked(work: Any) -> int:
    """What a benchmark refuses is the user's to mend."""
    from atlas_lsp.exits import UsageError
    from pipeline.bench.records import BenchError

    try:
        code: int = work()
    except BenchError as exc:
        raise UsageError(str(exc)) from exc
    return code


async def _run(args: argparse.Namespace) -> int:
    from pipeline.bench.records import RunFolder
    from pipeline.bench.run import prepare, run_cells, split_suite
    from pipeline.wiring import runtime

    plan, folder = _plan(args), RunFolder(args.out)
    suite = await split_suite(plan, folder)
    async with runtime(model=args.model, sandbox=args.sandbox) as up:
        tasks = prepare(plan, folder, suite, await _made_with(up))
        with _progress("solving") as on_done:
            manifest = await run_cells(up, plan, folder, tasks, on_done)
    code = await _score(folder, manifest, args.sandbox)
    return code if code or args.quiet else _show(args, [args.out], args.out)


def _plan(args: argparse.Namespace) -> Plan:
    from pipeline.bench.publish import Selection
    from pipeline.bench.run import Plan
    from pipeline.core.context import Settings

    return Plan(
        selection=Selection(
            suite=args.suite,
            start=args.start,
            end=args.end,
            parts=args.parts,
            task_ids=args.tasks,
            limit=args.limit,
            min_tests=args.min_tests,
        ),
        conditions=args.conditions,
        seeds=args.seeds or (args.seed,),
        settings=Settings(k=args.k, timeout_s=args.timeout, thinking_tokens=args.thinking),
        n_workers=args.workers,
    )


async def _made_with(up: Runtime) -> dict[str, Any]:
    """All that a result depends on and that is not in the plan."""
    import os
    import platform
    from dataclasses import asdict
    from importlib.metadata import version

    from pipeline.prompts import hashes

    packages = ("atlas-lsp", "llama-cpp-python", "numpy")
    return {
        "model": asdict(up.model.info),
        "sandbox": {
            "kind": up.sandbox.kind,
            "isolation": list(up.sandbox.isolation),
            "image": await asyncio.to_thread(_image) if up.sandbox.kind == "docker" else None,
        },
        "prompts": hashes(),
        "versions": {"python": platform.python_version()} | {p: version(p) for p in packages},
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "cpu": platform.machine(),
        },
    }


def _image() -> str:
    from sandbox.engine import connect, find_endpoint
    from sandbox.image import ensure_image

    client = connect(find_endpoint(None))
    try:
        return ensure_image(client).tag
    finally:
        client.close()


@contextmanager
def _progress(what: str) -> Iterator[OnDone | None]:
    """A bar on a terminal, silence in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def on_done(cell: Cell, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=f"{what} {cell.condition}")

        yield on_done


async def _score(folder: RunFolder, manifest: str, sandbox: str) -> int:
    """The scorer in a process of its own; it alone opens the hidden tests."""
    command = [sys.executable, "-m", "pipeline.bench.scorer", str(folder.root)]
    process = await asyncio.create_subprocess_exec(
        *command, "--manifest", manifest, "--sandbox", sandbox, stdout=STDERR
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise


def _report(args: argparse.Namespace) -> int:
    return _show(args, args.folders, args.out or args.folders[0])


def _show(args: argparse.Namespace, folders: list[Path], out: Path) -> int:
    from pipeline.bench.report import write_report
    from pipeline.bench.results import as_json, load

    results = load(folders)
    page, data = write_report(results, out)
    if args.json:
        print(json.dumps(as_json(results), indent=2, sort_keys=True))
    else:
        _print_tables(results)
    print(f"written: {page}, {data}", file=sys.stderr)
    return 0


def _print_tables(results: Results) -> None:
    from rich.console import Console

    from pipeline.bench.report import made_with, renderables

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    for name, text in made_with(results):
        console.print(f"{name:>10}  {text}", markup=False)
    for table in renderables(results):
        console.print(table)
