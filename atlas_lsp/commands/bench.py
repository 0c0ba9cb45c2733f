"""`atlas bench`: run a suite, score anyone's answers, report; list and fetch suites."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from atlas_lsp.commands.common import add_common, count, setting_flag
from atlas_lsp.exits import NOTHING_GOOD, OK, USAGE

if TYPE_CHECKING:
    from pipeline.bench.figures import Results
    from pipeline.bench.records import Cell, Json, RunFolder
    from pipeline.bench.run import OnDone, RunPlan
    from pipeline.bench.shards import Shard
    from pipeline.wiring import Runtime

STDERR = 2
"""The scorer's progress goes there: standard output is for the report."""
ON = ("here", "ray", "slurm")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "run a task set without an editor, scored on tests that the solver never sees"
    parser = subparsers.add_parser("bench", help=text, description=text)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_finish(commands)
    _add_score(commands)
    _add_suites(commands)
    report = commands.add_parser("report", help="tables, and one HTML page with plots")
    report.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    report.add_argument("--out", type=Path, metavar="DIR", help="default: the first DIR")
    form = report.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the report as JSON")
    form.add_argument("--markdown", action="store_true", help="print one table to paste")
    report.set_defaults(run=run_report)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("run", help="solve a suite, then score it; resumable")
    parser.add_argument("suite", metavar="SUITE", help="a name (`atlas bench list`) or a path")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="run folder")
    parser.add_argument(
        "--conditions",
        type=names,
        default=("A", "D"),
        metavar="LIST",
        help="A one greedy sample, B +Generate, C +Select, D +Repair, R3 plain samples, "
        "E as published figures are made, D-lens without a stage (default: A,D)",
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
    parser.add_argument("--min-tests", type=int, metavar="N", help="hidden tests per task, median")
    parser.add_argument("--convention", default="", metavar="NAME", help="where runners disagree")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="this part; then `finish`")
    parser.add_argument("--on", choices=ON, default="here", help="where cells are solved")
    parser.add_argument("--jobs", type=count, default=2, metavar="N", help="with --on: workers")


def _add_finish(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("finish", help="score a run whose shards are done")
    parser.add_argument("folder", type=Path, metavar="DIR")
    setting_flag(parser, "sandbox", choices=("docker", "unsafe-local"))
    parser.add_argument("--quiet", action="store_true", help="no report at the end")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run_finish)


def _add_score(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("score", help="judge anyone's answers; resumable")
    parser.add_argument("suite", metavar="SUITE", help="a name (`atlas bench list`) or a path")
    parser.add_argument(
        "samples", type=Path, metavar="SAMPLES", help="JSONL of task_id and solution, or a folder"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: SAMPLES.scores")
    setting_flag(parser, "sandbox", choices=("docker", "unsafe-local"))
    parser.add_argument("--packages", type=names, default=(), metavar="LIST", help="for the image")
    parser.add_argument("--workers", type=count, metavar="N", help="sandboxes, default: cores")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run_score)


def _add_suites(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listed = commands.add_parser("list", help="the suites that are known, and which are here")
    listed.set_defaults(run=run_list)
    fetched = commands.add_parser("fetch", help="bring a suite's files, checked by their sha256")
    fetched.add_argument("suite", metavar="NAME")
    fetched.add_argument("--from", dest="given", type=Path, metavar="FILE", help="no network")
    fetched.set_defaults(run=run_fetch)


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
    return _checked(lambda: _keeping(args.out, lambda: _until_told(_run(args))))


def run_finish(args: argparse.Namespace) -> int:
    return _checked(lambda: _keeping(args.folder, lambda: _until_told(_finish(args))))


def run_score(args: argparse.Namespace) -> int:
    out = args.out or args.samples.with_name(f"{args.samples.name}.scores")
    return _checked(lambda: _keeping(out, lambda: _until_told(_score_samples(args, out))))


def run_report(args: argparse.Namespace) -> int:
    return _checked(lambda: _report(args))


def run_list(args: argparse.Namespace) -> int:
    from pipeline.bench.hidden import paths_of, sources

    for name, source in sorted(sources().items()):
        here = "here" if all(path.exists() for path in paths_of(source)) else "-"
        print(f"{name:18} {here:5} {source.about}")
    return OK


def run_fetch(args: argparse.Namespace) -> int:
    return _checked(lambda: _fetch(args))


def _fetch(args: argparse.Namespace) -> int:
    from pipeline.bench.fetch import fetch
    from pipeline.bench.hidden import sources
    from pipeline.bench.records import SuiteError

    name, _, release = args.suite.partition("@")
    source = sources().get(name)
    if source is None:
        raise SuiteError(f"no suite {name!r}; `atlas bench list` shows what there is")
    for line in (f"licence: {source.licence}" if source.licence else "", source.note):
        print(line, end="\n" if line else "", file=sys.stderr)
    for path in fetch(source, release, args.given):
        print(path)
    return OK


def _checked(work: Callable[[], int]) -> int:
    """What a benchmark refuses is the user's to mend."""
    from atlas_lsp.exits import UsageError
    from pipeline.bench.records import BenchError

    try:
        return work()
    except BenchError as exc:
        raise UsageError(str(exc)) from exc


def _keeping(root: Path, work: Callable[[], int]) -> int:
    """However the work ends early: say what is kept and how to go on."""
    from pipeline.models.api import ModelError
    from sandbox.api import SandboxError

    try:
        return work()
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise KeyboardInterrupt(f"stopped; {_kept(root)}") from None
    except (ModelError, SandboxError) as exc:
        raise type(exc)(f"{exc}; {_kept(root)}") from exc
    except OSError as exc:
        raise OSError(exc.errno, f"{exc.strerror or exc}; {_kept(root)}", exc.filename) from exc


def _until_told(work: Coroutine[Any, Any, int]) -> int:
    """Run it; the first SIGTERM cancels it, as Ctrl-C does, and what it started ends with it."""

    async def main() -> int:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop() -> None:
            loop.add_signal_handler(signal.SIGTERM, lambda: None)
            task.cancel()

        loop.add_signal_handler(signal.SIGTERM, stop)
        return await work

    return asyncio.run(main())


def _kept(root: Path) -> str:
    n_answers, n_scores = (
        sum(1 for _ in (root / name).rglob("[!.]*.json")) for name in ("answers", "scores")
    )
    what = f"{n_answers} answers" if n_answers else f"the scores of {n_scores} tasks"
    if not n_answers and not n_scores:
        return "nothing was written yet"
    return f"{what} are kept in {root}, and the same command goes on from there"


async def _run(args: argparse.Namespace) -> int:
    from pipeline.bench.records import RunFolder, sweep_torn
    from pipeline.bench.shards import WHOLE, alone, shard_of

    folder, shard = RunFolder(args.out), shard_of(args.shard)
    with alone(folder, shard):
        if shard == WHOLE:
            sweep_torn(folder.root)
        n_faults = await _solve(args, folder, shard)
        _say_faults(folder, n_faults)
        if shard != WHOLE:
            print(f"shard {shard} is done; after the last: atlas bench finish {args.out}")
            return NOTHING_GOOD if n_faults else OK
        return await _conclude(args, folder, n_faults)


async def _solve(args: argparse.Namespace, folder: RunFolder, shard: Shard) -> int:
    """Solve what is missing, here or on a cluster; returns the number of faults."""
    from pipeline.bench.run import prepare, run_cells, split_suite
    from pipeline.bench.shards import in_turn
    from pipeline.wiring import runtime

    plan = _plan(args)
    suite = await split_suite(plan, folder)
    async with runtime(
        model=args.model, sandbox=args.sandbox, container_runtime=args.containerRuntime
    ) as up:
        made_with = await _made_with(up)
        with in_turn(folder):
            cells = [one for one in prepare(plan, folder, suite, made_with) if one in shard]
        if args.on == "here":
            with _progress("solving") as on_done:
                return await run_cells(
                    up, plan.settings, folder, cells, n_workers=plan.n_workers, on_done=on_done
                )
    return await asyncio.to_thread(_elsewhere, args, plan, folder)


def _elsewhere(args: argparse.Namespace, plan: RunPlan, folder: RunFolder) -> int:
    from pipeline.bench.cluster import WorkerActor, run_on

    worker = WorkerActor(
        folder=folder.root.resolve(),
        model=args.model,
        sandbox=args.sandbox,
        settings=plan.settings,
    )
    with _progress(f"solving on {args.on}") as on_done:
        return run_on(args.on, worker, args.jobs, on_done)


def _say_faults(folder: RunFolder, n_faults: int) -> None:
    if n_faults:
        where = folder.root / "faults"
        print(
            f"{n_faults} tasks ended in a fault and count as not solved; why: {where}",
            file=sys.stderr,
        )


async def _finish(args: argparse.Namespace) -> int:
    from pipeline.bench.records import RunFolder, sweep_torn
    from pipeline.bench.shards import alone

    folder = RunFolder(args.folder)
    if not folder.run.exists():
        from pipeline.bench.records import BenchError

        raise BenchError(f"{folder.root} is no run folder; `atlas bench run` makes one")
    with alone(folder):
        sweep_torn(folder.root)
        return await _conclude(args, folder, 0)


async def _conclude(args: argparse.Namespace, folder: RunFolder, n_faults: int) -> int:
    """Close the list of answers, score it, report; 1 where anything ended in a fault."""
    from pipeline.bench.run import finish

    code = await _score(folder, finish(folder), args.sandbox)
    if code >= USAGE:
        return code
    if not args.quiet:
        _show(args, [folder.root], folder.root)
    return NOTHING_GOOD if code or n_faults else OK


async def _score_samples(args: argparse.Namespace, out: Path) -> int:
    from pipeline.bench.hidden import locate
    from pipeline.bench.records import RunFolder
    from pipeline.bench.samples import score_samples
    from pipeline.bench.scorer import MEMORY_MB
    from pipeline.bench.shards import alone
    from sandbox import open_sandbox

    folder = RunFolder(out)
    with alone(folder), _bar("scoring") as on_done:
        source = locate(args.suite).source
        box = open_sandbox(
            args.sandbox,
            workers=args.workers,
            packages=args.packages or (source.packages if source else ()),
            memory_mb=MEMORY_MB,
        )
        try:
            await box.start()
            result = await score_samples(folder, args.suite, args.samples, box, on_done)
        finally:
            await box.aclose()
    if args.json:
        print(json.dumps(result, indent=2, sort_keys=True))
    else:
        _print_score(result, folder)
    return NOTHING_GOOD if result["faults"] else OK


def _print_score(result: Json, folder: RunFolder) -> None:
    print(f"{result['suite']}: {result['n_samples']} answers to {result['n_tasks']} of"
          f" {result['n_tasks_in_suite']} tasks")  # fmt: skip
    for one in result["pass_at_k"]:
        low, high = (100 * one["interval"][end] for end in ("low", "high"))
        rate = f"{100 * one['rate']:5.1f}  [{low:.1f}, {high:.1f}]"
        print(f"{one['mark']:>10}  pass@{one['k']:<3} {rate}")
    if n_dropped := sum("dropped" in rows[0]["marks"] for rows in result["tasks"].values()):
        print(f"in {n_dropped} tasks inputs on which the suite's own reference fails are left out")
    for task_id in result["faults"]:
        print(f"could not be judged, counts as not solved: {task_id}", file=sys.stderr)
    print(f"written: {folder.root / 'result.json'}", file=sys.stderr)


def _plan(args: argparse.Namespace) -> RunPlan:
    from pipeline.bench.publish import Selection
    from pipeline.bench.run import RunPlan
    from pipeline.core.context import Settings

    return RunPlan(
        selection=Selection(
            suite=args.suite,
            start=args.start,
            end=args.end,
            parts=args.parts,
            task_ids=args.tasks,
            limit=args.limit,
            min_tests=args.min_tests,
            convention=args.convention,
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
    from sandbox.docker_engine import connect, find_endpoint
    from sandbox.image import ensure_image

    client = connect(find_endpoint(None))
    try:
        return ensure_image(client).tag
    finally:
        client.close()


@contextmanager
def _progress(what: str) -> Iterator[OnDone | None]:
    """The bar of a run: it names the condition."""
    with _bar(what) as on_count:
        if on_count is None:
            yield None
            return

        def on_done(cell: Cell, done: int, total: int) -> None:
            on_count(done, total, f"{what} {cell.condition}")

        yield on_done


class OnCount(Protocol):
    def __call__(self, done: int, total: int, text: str = "", /) -> None: ...


@contextmanager
def _bar(what: str) -> Iterator[OnCount | None]:
    """How far the whole is, its rate and what remains, on a terminal; silence in a pipe."""
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
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None, rate="")

        def on_count(done: int, total: int, text: str = "", /) -> None:
            speed = bar.tasks[0].speed
            rate = f"{60 * speed:.1f} a minute" if speed else ""
            bar.update(task, completed=done, total=total, description=text or what, rate=rate)

        yield on_count


async def _score(folder: RunFolder, manifest: str, sandbox: str) -> int:
    """The scorer in a process of its own; it alone opens the hidden tests."""
    from pipeline.bench.records import read_object
    from pipeline.core.own_process import command, environ

    words = command("pipeline.bench.scorer", str(folder.root), "--manifest", manifest)
    for package in read_object(folder.run)["suite"]["packages"]:
        words += ["--package", package]
    process = await asyncio.create_subprocess_exec(
        *words, "--sandbox", sandbox, stdout=STDERR, env=environ()
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
    from pipeline.bench.figures import as_json, load
    from pipeline.bench.report import markdown, write_report

    results = load(folders)
    page, data = write_report(results, out)
    if args.json:
        print(json.dumps(as_json(results), indent=2, sort_keys=True))
    elif getattr(args, "markdown", False):
        print(markdown(results))
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
