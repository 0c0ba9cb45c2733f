"""The command line: parses, calls, prints; every error is one line and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from atlas_lsp.commands import bench, doctor, lens, model, sandbox, select, serve, solve, tests
from atlas_lsp.exits import BROKEN, INTERRUPTED, USAGE, UsageError
from pipeline.models.api import ModelError
from pipeline.source.text import SourceError
from sandbox.api import SandboxError

COMMANDS = (solve, tests, select, bench, lens, model, sandbox, doctor, serve)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never shows a traceback for an expected error."""
    args = parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = args.run
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return command(args)
    except KeyboardInterrupt as exc:
        return _fail(str(exc) or "stopped; nothing was written", INTERRUPTED)
    except (UsageError, SourceError) as exc:
        return _fail(str(exc), USAGE)
    except (ModelError, SandboxError) as exc:
        return _fail(str(exc), BROKEN)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except OSError as exc:
        return _fail(f"{exc.filename or type(exc).__name__}: {exc.strerror or exc}", BROKEN)


def parser() -> argparse.ArgumentParser:
    """The whole command line, one sub-command per module of `atlas_lsp.commands`."""
    top = argparse.ArgumentParser(
        prog="atlas",
        description="Solve and repair Python functions with a local model, proved in a sandbox.",
    )
    top.add_argument("--version", action="version", version=f"atlas {version('atlas-lsp')}")
    subparsers = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(subparsers)
    return top


def _fail(message: str, code: int) -> int:
    print(f"atlas: {' '.join(message.split())}", file=sys.stderr)
    return code


def _terminate(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
