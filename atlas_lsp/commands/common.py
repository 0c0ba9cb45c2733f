"""Flags and output that the commands share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.core.context import Settings
from pipeline.core.events import Emit, Event, Progress, StageEnded, StageStarted, ignore

STAGES = (
    "probe",
    "plan_search",
    "div_sampling",
    "self_tests",
    "agreement",
    "lens",
    "generator",
    "judge",
    "mechanical",
    "repair",
)
"""Settings that switch a stage."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """`--model --sandbox --timeout --seed --json -v`, with the same meaning everywhere."""
    parser.add_argument(
        "--model",
        default="nano",
        metavar="PATH|NAME|URL",
        help="a GGUF file, an installed name, or an OpenAI-compatible endpoint (default: nano)",
    )
    parser.add_argument(
        "--sandbox",
        choices=("docker", "unsafe-local"),
        default="docker",
        help="where candidates run; unsafe-local runs them on this machine without isolation",
    )
    parser.add_argument("--timeout", type=seconds, default=60.0, metavar="S", help="wall clock")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what each stage did")


def add_pipeline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--k", type=count, default=3, metavar="N", help="candidates per round")
    parser.add_argument(
        "--without",
        type=stage_list,
        default=(),
        metavar="STAGES",
        help=f"switch stages off, comma-separated: {', '.join(STAGES)}",
    )


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not a time limit; give seconds above 0")
    return value


def count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError(f"{text} is out of range; give 1 to 64")
    return value


def stage_list(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().replace("-", "_") for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        known = ", ".join(STAGES)
        raise argparse.ArgumentTypeError(f"no stage called {unknown[0]!r}; there are {known}")
    return names


def settings_of(args: argparse.Namespace) -> Settings:
    off = dict.fromkeys(args.without, False)
    return Settings(k=args.k, seed=args.seed, timeout_s=args.timeout, **off)


@contextmanager
def progress(*, verbose: bool) -> Iterator[Emit]:
    """Events on stderr: a spinner on a terminal, one line per stage with -v, silence in a pipe."""
    if sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)
        with console.status("starting") as status:
            yield lambda event: _on_terminal(event, status.update, console.print, verbose)
    else:
        yield (lambda event: _in_pipe(event)) if verbose else ignore


def _on_terminal(event: Event, update: object, say: object, verbose: bool) -> None:
    assert callable(update)
    assert callable(say)
    if isinstance(event, Progress):
        update(event.message)
    elif isinstance(event, StageStarted):
        update(event.stage)
    elif isinstance(event, StageEnded) and verbose:
        say(f"{event.stage}: {event.detail}", highlight=False)


def _in_pipe(event: Event) -> None:
    if isinstance(event, StageEnded):
        print(f"{event.stage}: {event.detail}", file=sys.stderr, flush=True)
