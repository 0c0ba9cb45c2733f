"""`atlas model calibrate`: fit the odds of one model, so that `consistent` means what it says."""

from __future__ import annotations

import argparse
import asyncio
from itertools import islice
from pathlib import Path

from atlas_lsp.commands.common import is_setting, note, setting_flag
from atlas_lsp.commands.lens import checked, progress
from atlas_lsp.exits import OK, UsageError

FEWEST_TASKS = 20
"""Under so many the folds hold too few wrong answers to foretell anything."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser(
        "calibrate",
        help="fit a model's odds of being right (an hour or more; stop and go on as you like)",
    )
    parser.add_argument("model", nargs="?", metavar="PATH|NAME", help="default: as set")
    is_setting(parser, "model")
    parser.add_argument("--tasks", type=int, default=300, metavar="N")
    parser.add_argument("--k", type=int, default=4, metavar="N", help="candidates of each task")
    parser.add_argument(
        "--suite", type=Path, metavar="FILE", help="default: tasks that are made up"
    )
    parser.add_argument("--convention", default="", metavar="NAME", help="of the suite")
    parser.add_argument("--without", type=Path, metavar="FILE", help="a suite whose tasks stay out")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the labels are kept")
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: the user's folder")
    setting_flag(parser, "sandbox", choices=("docker", "unsafe-local"))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Go on where an earlier call stopped. Raises ModelError, SandboxError, UsageError."""
    if args.tasks < FEWEST_TASKS or not 2 <= args.k <= 64:
        raise UsageError(
            f"--tasks {args.tasks} --k {args.k}: give {FEWEST_TASKS} tasks or more, a k of 2 to 64"
        )
    return checked(lambda: asyncio.run(_run(args)))


async def _run(args: argparse.Namespace) -> int:
    from pipeline.lens.record import lens_folder
    from pipeline.select.calibrated import calibration_file
    from pipeline.training.fit import harvest, harvested, models_of, write_weights
    from pipeline.training.tasks import nano_tasks, suite_tasks
    from pipeline.wiring import runtime

    stream = (
        suite_tasks(args.suite, convention=args.convention, without=args.without)
        if args.suite
        else nano_tasks(args.seed, "train")
    )
    async with runtime(model=args.model, sandbox=args.sandbox) as up:
        info = up.model.info
        if not info.sha256:
            raise UsageError(f"{info.name} is no file; odds are fitted for a GGUF file only")
        folder = args.keep or lens_folder() / _kept(info.sha256, args)
        tasks = list(islice(stream, args.tasks))
        with progress("calibrating") as on_task:
            await harvest(up, tasks, k=args.k, seed=args.seed, folder=folder, on_task=on_task)
    known = harvested(folder)
    if len(known) < FEWEST_TASKS:
        raise UsageError(f"only {len(known)} tasks have an answer that can be labelled; give more")
    n, n_right = sum(len(one.right) for one in known), sum(sum(one.right) for one in known)
    what = f"{info.name}: {len(known)} tasks, {args.k} candidates each, seed {args.seed}"
    out = args.out or lens_folder() / calibration_file(info.sha256)
    write_weights(out, models_of(known), what, info.sha256)
    note(f"{out}: {what}; {n_right} of {n} candidates are right")
    return OK


def _kept(sha256: str, args: argparse.Namespace) -> str:
    """Labels of other tasks, sizes or seeds are not mixed."""
    suite = f"-{args.suite.name.partition('.')[0]}" if args.suite else ""
    return f"{sha256[:16]}{suite}-k{args.k}-seed{args.seed}"
