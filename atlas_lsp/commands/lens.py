"""`atlas lens harvest|train|check|score`: make a Geometric Lens, and see what it is worth."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas_lsp.commands.common import setting_flag
from atlas_lsp.exits import NOTHING_GOOD, OK, UsageError

if TYPE_CHECKING:
    from pipeline.lens.record import Lens
    from pipeline.training.tasks import LabelTask

Step = Callable[[int, int], None]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "train and check the Geometric Lens, which reads the model's hidden states"
    top = subparsers.add_parser("lens", help=text, description=text)
    verbs = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_harvest(verbs)
    train_ = verbs.add_parser("train", help="a lens from labelled pools (needs torch)")
    train_.add_argument("pools", nargs="+", type=Path, metavar="POOL")
    train_.add_argument("--out", type=Path, metavar="FILE", help="default: the user's lens folder")
    train_.add_argument("--seed", type=int, default=0, metavar="N")
    train_.set_defaults(run=train)
    check_ = verbs.add_parser("check", help="whether a model has a usable lens, and what it adds")
    _add_model(check_)
    check_.add_argument("--lens", type=Path, metavar="FILE", help="default: the installed one")
    check_.set_defaults(run=check)
    score_ = verbs.add_parser("score", help="a lens against the free measures on a labelled pool")
    score_.add_argument("pool", type=Path, metavar="POOL")
    score_.add_argument("--lens", type=Path, metavar="FILE", help="default: the installed one")
    score_.set_defaults(run=score)
    for parser in (train_, check_, score_):
        parser.add_argument("--json", action="store_true", help="print one JSON document")


def _add_harvest(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser("harvest", help="sample candidates and label them in the sandbox")
    parser.add_argument("--out", type=Path, required=True, metavar="POOL")
    parser.add_argument(
        "--suite",
        type=Path,
        metavar="FILE",
        help="tasks with tests of their own; default: fresh tasks of nano's training split",
    )
    parser.add_argument("--tasks", type=int, default=400, metavar="N")
    parser.add_argument("--k", type=int, default=4, metavar="N", help="candidates of each task")
    parser.add_argument("--split", choices=("train", "test"), default="train")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    setting_flag(parser, "sandbox", choices=("docker", "unsafe-local"))
    _add_model(parser)
    parser.set_defaults(run=harvest)


def _add_model(parser: argparse.ArgumentParser) -> None:
    setting_flag(parser, "model", metavar="PATH|NAME")


def harvest(args: argparse.Namespace) -> int:
    if args.tasks < 1 or not 2 <= args.k <= 64:
        raise UsageError(
            f"--tasks {args.tasks} --k {args.k}: give 1 task or more and a k of 2 to 64"
        )
    return checked(lambda: asyncio.run(_harvest(args)))


def train(args: argparse.Namespace) -> int:
    return checked(lambda: _train(args))


def check(args: argparse.Namespace) -> int:
    return checked(lambda: asyncio.run(_check(args)))


def score(args: argparse.Namespace) -> int:
    return checked(lambda: _score(args))


def checked(work: Callable[[], int]) -> int:
    """What a lens refuses is the user's to mend."""
    from pipeline.bench.records import BenchError
    from pipeline.lens.record import LensError

    try:
        return work()
    except (LensError, BenchError) as exc:
        raise UsageError(str(exc)) from exc


async def _harvest(args: argparse.Namespace) -> int:
    from pipeline.training.harvest import harvest as run
    from pipeline.training.state_pool import save_pool
    from pipeline.wiring import runtime

    tasks = _tasks(args)
    async with runtime(model=args.model, sandbox=args.sandbox) as up:
        with progress("harvesting") as on_task:
            pool = await run(
                up, tasks, n_tasks=args.tasks, k=args.k, seed=args.seed, on_task=on_task
            )
    save_pool(pool, args.out)
    left_out = ", ".join(f"{n} {why}" for why, n in pool.about["left_out"].items()) or "none"
    print(
        f"{len(pool.x)} candidates of {pool.n_tasks} tasks, {int(pool.passed.sum())} right;"
        f" left out: {left_out}; written: {args.out}",
        file=sys.stderr,
    )
    return OK


def _tasks(args: argparse.Namespace) -> Iterator[LabelTask]:
    from pipeline.training.tasks import nano_tasks, suite_tasks

    if args.suite is None:
        return nano_tasks(args.seed, args.split)
    if not args.suite.is_file():
        raise UsageError(f"no suite at {args.suite}; nano-bench itself is for measuring only")
    return suite_tasks(args.suite)


def _train(args: argparse.Namespace) -> int:
    from pipeline.lens.record import lens_folder, lens_name, save_lens
    from pipeline.training.state_pool import join, load_pool

    pool = join([load_pool(path) for path in args.pools])
    try:
        from pipeline.training.lens_training import train as fit
    except ModuleNotFoundError as exc:
        raise UsageError(f"training needs {exc.name}; pip install 'atlas-lsp[train]'") from exc
    with progress("training") as on_fold:
        lens = fit(pool, seed=args.seed, on_fold=on_fold)
    out = args.out or lens_folder() / lens_name(lens.model_sha256)
    save_lens(lens, out)
    _show(lens, args)
    print(f"written: {out}", file=sys.stderr)
    return OK


async def _check(args: argparse.Namespace) -> int:
    """0: the lens can be used; 1: it abstains, with the reason."""
    from pipeline.lens.record import load_lens
    from pipeline.lens.score import Abstained, energies_of, installed_lens
    from pipeline.training.harvest import answer_once
    from pipeline.wiring import open_model

    model = await open_model(args.model)
    try:
        lens = load_lens(args.lens) if args.lens else installed_lens(model.info)
        if isinstance(lens, Abstained):
            print(f"abstains: {lens.reason}", file=sys.stderr)
            return NOTHING_GOOD
        candidate = await answer_once(model)
    finally:
        await model.aclose()
    energies = energies_of([candidate], model.info, lens)
    _show(lens, args)
    if isinstance(energies, Abstained):
        print(f"abstains: {energies.reason}", file=sys.stderr)
    elif not lens.earns_its_place:
        print("abstains: it did not beat the free measures", file=sys.stderr)
    else:
        print(f"usable: energy {energies[0]:.2f} for a first answer", file=sys.stderr)
        return OK
    return NOTHING_GOOD


def _score(args: argparse.Namespace) -> int:
    from pipeline.lens.record import load_lens
    from pipeline.training.lens_report import comparisons, lens_of
    from pipeline.training.measure import as_rows, show
    from pipeline.training.state_pool import load_pool

    pool = load_pool(args.pool)
    lens = load_lens(args.lens) if args.lens else lens_of(pool)
    found = comparisons(pool, lens)
    if args.json:
        print(json.dumps([row for one in found for row in as_rows(one)], indent=2))
        return OK
    for one in found:
        show(one)
    return OK


def _show(lens: Lens, args: argparse.Namespace) -> None:
    from pipeline.training.lens_report import lines_of

    if args.json:
        print(json.dumps(dict(lens.facts), indent=2, sort_keys=True))
    else:
        print("\n".join(lines_of(lens)))


@contextmanager
def progress(what: str) -> Iterator[Step | None]:
    """A bar on a terminal, silence in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task: Any = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
