"""The command line: parses, calls, prints; every error is one line and an exit code."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from atlas_lsp.commands import (
    bench,
    check,
    completion,
    config,
    doctor,
    fix,
    init,
    lens,
    model,
    sandbox,
    select,
    serve,
    solve,
    tests,
)
from atlas_lsp.commands.common import color_flag, fill, print_json
from atlas_lsp.exits import BROKEN, INTERRUPTED, OK, USAGE, Stopped, UsageError, error_json
from pipeline.models.api import ModelError
from pipeline.syntax.text import SourceError
from sandbox.api import SandboxError

COMMANDS = (
    *(init, solve, fix, check, tests, select, bench, lens, model),
    *(sandbox, config, doctor, completion, serve),
)
FIRST = """\
Atlas writes, repairs and tests Python functions with a local model, proved in a sandbox.

  atlas init                  set up a model and the sandbox, and prove both on an example
  atlas solve  mod.py::f      write a function so that its examples hold
  atlas repair mod.py::f      mend a function that fails its examples
  atlas fix    [PATH ...]     find and mend the functions that make your tests fail
  atlas check  mod.py ...     run the examples of files and folders; needs no model
  atlas tests  mod.py::f      propose tests that notice small mistakes in it

`atlas doctor` says what works here and how to mend the rest, `atlas COMMAND --help` explains one,
`atlas --help` lists all; in an editor run `atlas-lsp`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error is one line, with --json a document."""
    words = list(sys.argv[1:] if argv is None else argv)
    set_up_streams()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(words)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return INTERRUPTED
    except KeyboardInterrupt as exc:
        return _fail(str(exc) or "stopped; nothing was written", INTERRUPTED, words)
    except Exception as exc:  # noqa: BLE001 - an edge: broken is exit 3, whatever broke
        return _fail(*explain(exc, "-v" in words or "--verbose" in words), words)
    return code


def explain(exc: Exception, verbose: bool) -> tuple[str, int]:
    """The one line and the exit code of what ended a command."""
    match exc:
        case Stopped():
            return str(exc), INTERRUPTED
        case UsageError() | SourceError():
            return str(exc), USAGE
        case ModelError() | SandboxError():
            return str(exc), BROKEN
        case MemoryError():
            return "out of memory; give it more, or name a smaller model with --model", BROKEN
        case ImportError():
            return f"a part cannot be loaded: {exc}; install again, or give it more memory", BROKEN
        case OSError():
            return f"{exc.filename or type(exc).__name__}: {exc.strerror or exc}", BROKEN
        case RuntimeError() if "start new thread" in str(exc):
            return "no thread can be started; raise the limits of memory or processes", BROKEN
    if verbose:
        traceback.print_exception(exc)
    hint = "" if verbose else "; -v shows where; please report it"
    return f"internal error: {type(exc).__name__}: {exc}{hint}", BROKEN


def _run(words: Sequence[str]) -> int:
    top = parser()
    if "_ARGCOMPLETE" in os.environ:
        from atlas_lsp.commands.completion import complete

        complete(top)
    if not words:
        print(FIRST)
        return OK
    args = top.parse_args(words)
    fill(args, place_of(args))
    command: Callable[[argparse.Namespace], int] = args.run
    return command(args)


def place_of(args: argparse.Namespace) -> Path | None:
    """Where the project is looked for that may set something; None where none may."""
    targets = getattr(args, "targets", None)
    return Path(targets[0].partition("::")[0]) if targets else None


class OneLineParser(argparse.ArgumentParser):
    """Complains in one line, as every other error of ours."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{_nearest(message)}; see `{self.prog} --help`")


def _nearest(message: str) -> str:
    """A wrong choice with the one that was probably meant, else as it is."""
    wrong = re.search(r"invalid choice: '?(.*?)'? \(choose from (.*)\)", message)
    if wrong is None:
        return message
    known = [name.strip().strip("'") for name in wrong[2].split(",")]
    near = difflib.get_close_matches(wrong[1], known, n=1)
    return f"there is no {wrong[1]!r}; did you mean {near[0]}" if near else message


def parser() -> argparse.ArgumentParser:
    """The whole command line, one sub-command per module of `atlas_lsp.commands`."""
    top = OneLineParser(
        prog="atlas",
        description="Solve and repair Python functions with a local model, proved in a sandbox.",
    )
    top.add_argument("--version", action="version", version=f"atlas {version('atlas-lsp')}")
    color_flag(top)
    subparsers = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(subparsers)
    return top


def set_up_streams() -> None:
    """What we print comes out whatever the terminal's encoding; a pipe gets plain UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream.isatty() or stream is sys.stderr:
            reconfigure(errors="backslashreplace")
        else:
            reconfigure(encoding="utf-8", errors="surrogatepass", newline="")


def _fail(message: str, code: int, words: Sequence[str]) -> int:
    """Say it; never fail at that."""
    one_line = " ".join(message.split())
    try:
        if "--json" in words:
            print_json(error_json(one_line, code))
            sys.stdout.flush()
    except OSError:
        _forget_stdout()
    try:
        print(f"atlas: {one_line}", file=sys.stderr, flush=True)
    except OSError:
        return code
    return code


def _forget_stdout() -> None:
    """What is still buffered cannot be written: Python's own last flush must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
