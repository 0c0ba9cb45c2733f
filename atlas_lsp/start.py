"""The first lines of `atlas` and `atlas-lsp`: what must hold before anything slow is imported.

`pipeline` and `sandbox` are common names. In the wheel they lie inside this package, so that no
project's own `pipeline` is hidden by them; here they are found by place, before `sys.path` is
asked, so that no project's own `pipeline` (in the working folder, in PYTHONPATH) hides them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType

STOPPED, BROKEN = 130, 3


def atlas() -> int:
    """The command line."""
    _stop_quietly()
    if not open_closed_streams():
        return _refuse_closed_stdout()
    find_our_packages()
    from atlas_lsp.cli import main

    _stop_by_exception()
    try:
        return main()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def server() -> int:
    """The language server; its stdin and stdout are the client's."""
    find_our_packages()
    from atlas_lsp.serving import main

    return main()


def home() -> Path:
    """The folder that holds our `pipeline` and `sandbox`: of the wheel, or of the checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "_home"
    return inside if inside.is_dir() else here.parent


def find_our_packages() -> None:
    """From now on, in this process, our three names mean ours."""
    if not any(isinstance(finder, _OurPackages) for finder in sys.meta_path):
        sys.meta_path.insert(0, _OurPackages())


class _OurPackages:
    """A finder on `sys.meta_path` for the top-level names of ours."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in ("pipeline", "sandbox"):
            return PathFinder.find_spec(fullname, [str(home())])
        if fullname == "atlas_lsp":
            # Where this file was run by its path.
            return PathFinder.find_spec(fullname, [str(Path(__file__).resolve().parents[1])])
        return None


def open_closed_streams() -> bool:
    """Put /dev/null where 0 or 2 is closed, lest a socket take the number; False without a 1."""
    has_stdout = True
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            has_stdout = has_stdout and fd != 1
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    return has_stdout


def _refuse_closed_stdout() -> int:
    print("atlas: stdout is closed, so nothing can be shown; send it to a file", file=sys.stderr)
    return BROKEN


def _stop_quietly() -> None:
    """A Ctrl-C while Python still imports is no traceback."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stopped)


def _stop_by_exception() -> None:
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _stopped(signum: int, frame: FrameType | None) -> None:
    said = "stopped; nothing was written"
    if "--json" in sys.argv:
        error = {"kind": "stopped", "exit": STOPPED, "message": said}
        os.write(1, json.dumps({"status": "error", "error": error}).encode() + b"\n")
    os.write(2, f"atlas: {said}\n".encode())
    os._exit(STOPPED)


if __name__ == "__main__":
    sys.exit(atlas())
