"""Flags and output that the commands share."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas_lsp.exits import UsageError
from atlas_lsp.settings import (
    as_layer,
    layers_of,
    project_root,
    properties,
    settings_from,
    value_of,
)
from pipeline.core.context import Settings
from pipeline.core.events import Emit, Event, Progress, StageEnded, StageStarted

if TYPE_CHECKING:
    from pipeline.running.counted import WhichTests

STAGES = (
    "keep_back",
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
    "first_proof",
)
"""Settings that switch a stage, or that a batch ends with its first proof."""
HEARTBEAT_S = 10.0
"""A pipe hears after so many seconds what is being done."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """`--model --sandbox --timeout --seed --json -v`, with the same meaning everywhere."""
    setting_flag(parser, "model", metavar="PATH|NAME|URL")
    setting_flag(
        parser,
        "sandbox",
        choices=("docker", "unsafe-local"),
        help="where candidates run; unsafe-local runs them on this machine without isolation",
    )
    setting_flag(parser, "containerRuntime", flag="--container-runtime", metavar="NAME")
    setting_flag(parser, "timeout", metavar="S")
    setting_flag(parser, "seed", metavar="N")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what each stage did")
    color_flag(parser)


def add_pipeline(parser: argparse.ArgumentParser) -> None:
    setting_flag(parser, "k", metavar="N")
    parser.add_argument(
        "--without",
        type=stage_list,
        default=(),
        metavar="STAGES",
        help=f"switch stages off, comma-separated: {', '.join(STAGES)}",
    )


def add_judges(parser: argparse.ArgumentParser) -> None:
    """Which of the project's tests judge."""
    parser.add_argument(
        "--tests",
        action="append",
        default=[],
        type=Path,
        dest="judges",
        metavar="PATH",
        help="of the project's tests only these judge: a file, a folder or a node id",
    )
    parser.add_argument(
        "--no-tests",
        action="store_const",
        const=False,
        default=None,
        dest="projectTests",
        help="only the examples of the docstring judge",
    )
    is_setting(parser, "projectTests")


def judges_of(args: argparse.Namespace) -> WhichTests:
    """Which of the project's tests judge. Raises UsageError."""
    from pipeline.running.counted import NO_TESTS, WhichTests

    if not args.projectTests:
        return NO_TESTS
    for path in args.judges:
        if not Path(str(path).partition("::")[0]).exists():
            raise UsageError(f"no such test file: {path}")
    return WhichTests(only=tuple(args.judges))


def setting_flag(parser: argparse.ArgumentParser, key: str, *, flag: str = "", **more: Any) -> None:
    """`--key` (or another flag), which overrides the setting of that name; `fill` fills it."""
    one = properties()[key]
    words: dict[str, Any] = {"default": None, "dest": key, "help": one["description"], **more}
    if "choices" not in words:
        words["type"] = _typed(key)
    parser.add_argument(flag or f"--{key}", **words)
    is_setting(parser, key)


def is_setting(parser: argparse.ArgumentParser, key: str) -> None:
    """An argument of that name is filled from the settings where it is not given."""
    known = parser.get_default("setting_keys") or ()
    parser.set_defaults(setting_keys=(*known, key))


def _typed(key: str) -> Any:
    def typed(text: str) -> object:
        try:
            return value_of(key, text, "launch", "it")
        except UsageError as exc:
            raise argparse.ArgumentTypeError(str(exc).removeprefix("it: ")) from exc

    return typed


def fill(args: argparse.Namespace, place: Path | None) -> None:
    """Put what holds for a file or folder (None: for no project) into flags that were not given.

    Flags are stronger than the environment, that than the project's table, that than the user's
    file; what is wrong with a file is said on stderr. Raises UsageError.
    """
    keys = getattr(args, "setting_keys", ())
    flags = {key: value for key in keys if (value := getattr(args, key)) is not None}
    root = project_root(place) if place is not None else None
    layers, complaints = layers_of(root, os.environ, flags)
    for complaint in complaints if keys else ():
        note(complaint)
    found = as_layer(settings_from(*(values for _, values in layers)))
    for key in keys:
        if getattr(args, key) is None:
            setattr(args, key, found[key])
    if not found["trusted"] and "sandbox" in keys:
        where = next(origin for origin, values in layers if "trusted" in values)
        raise UsageError(f"trusted is false in {where}, so nothing runs")


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
    """The pipeline's settings of flags that `fill` has filled."""
    off = dict.fromkeys(args.without, False)
    return Settings(k=args.k, seed=args.seed, timeout_s=args.timeout, **off)


def print_json(document: object) -> None:
    """One document on stdout, in characters that every terminal has."""
    print(json.dumps(document, indent=2, default=str))


def note(text: str) -> None:
    """Something to know, on stderr."""
    print(f"atlas: {text}", file=sys.stderr, flush=True)


# --- colour


def color_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default=argparse.SUPPRESS,
        help="auto: on a terminal, if NO_COLOR is not set",
    )


def has_color(args: argparse.Namespace, environ: Mapping[str, str]) -> bool:
    """Whether stdout gets colours."""
    wanted = getattr(args, "color", "auto")
    if wanted != "auto":
        return bool(wanted == "always")
    return sys.stdout.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


# --- progress


@contextmanager
def progress(*, verbose: bool, every_s: float = HEARTBEAT_S) -> Iterator[Emit]:
    """Events on stderr: a spinner on a terminal; in a pipe a line each `every_s` seconds, with -v
    one per stage.
    """
    if sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)
        with console.status("starting") as status:
            yield lambda event: _on_terminal(event, status.update, console.print, verbose)
    else:
        with _heartbeat(every_s) as tell:
            yield lambda event: _in_pipe(event, tell, verbose)


def _on_terminal(event: Event, update: object, say: object, verbose: bool) -> None:
    assert callable(update)
    assert callable(say)
    if isinstance(event, Progress):
        update(_message(event))
    elif isinstance(event, StageStarted):
        update(event.stage)
    elif isinstance(event, StageEnded) and verbose:
        say(f"{event.stage}: {event.detail}", highlight=False)


def _in_pipe(event: Event, tell: Any, verbose: bool) -> None:
    if isinstance(event, Progress):
        tell(_message(event))
    elif isinstance(event, StageStarted):
        tell(event.stage)
    elif isinstance(event, StageEnded) and verbose:
        print(f"{event.stage}: {event.detail}", file=sys.stderr, flush=True)


def _message(event: Progress) -> str:
    return event.message + (f" ({event.done} of {event.total})" if event.total else "")


@contextmanager
def _heartbeat(every_s: float) -> Iterator[Any]:
    """Says now and then what was told last, so that a pipe is not silent for a minute."""
    began, ended, last = time.monotonic(), threading.Event(), ["starting"]

    def beat() -> None:
        while not ended.wait(every_s):
            note(f"{time.monotonic() - began:.0f} s: {last[0]}")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield lambda text: last.__setitem__(0, text)
    finally:
        ended.set()
        thread.join()
