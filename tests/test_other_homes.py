"""What of Windows and macOS can be tried here: nothing that they lack is needed to start.

Not tried here: Docker Desktop's pipe, consoles, file locks; no such machine runs these tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
IN_THE_CONTAINER = {
    *(
        "sandbox.child",
        "sandbox.confine",
        "sandbox.remote",
        "sandbox.supervisor",
        "sandbox.standby",
    ),
    *("sandbox.worker", "sandbox.processes", "sandbox.local", "sandbox.seccomp", "sandbox.cgroup"),
    "sandbox.template",
}
"""They run on Linux whatever the host is; `unsafe-local` is for Linux alone."""
WITHOUT = """
import asyncio, importlib, multiprocessing, os, pathlib, shutil, signal, socket, subprocess
import sys, tempfile, webbrowser
import llama_cpp, numpy, docker, httpx, rich.console, rich.progress, pygls.lsp.server, platformdirs
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"):
    sys.modules[name] = None
lacking = "fork sysconf getuid geteuid killpg getpgid setsid sched_getaffinity".split()
lacking += ["listxattr", "chown"]
for name in lacking:
    vars(os).pop(name, None)
for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1"):
    vars(signal).pop(name, None)
"""


def without(code: str, **more: str) -> str:
    """What a process prints that lacks what Windows lacks."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, **more},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def host_modules() -> list[str]:
    files = [
        p for name in ("atlas_lsp", "pipeline", "sandbox") for p in (ROOT / name).rglob("*.py")
    ]
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in files]
    training = ("pipeline.nano", "pipeline.training", "pipeline.lens.train")
    return sorted(
        name
        for name in names
        if name not in IN_THE_CONTAINER and not name.startswith(training) and "__main__" not in name
    )


def test_every_module_of_the_host_can_be_imported():
    code = "\n".join(
        [
            "failed = {}",
            f"for name in {host_modules()!r}:",
            "    try:",
            "        importlib.import_module(name)",
            "    except (ImportError, AttributeError) as exc:",
            "        failed[name] = repr(exc)",
            "print(failed)",
        ]
    )
    assert without(code).strip() == "{}"


@pytest.mark.parametrize("words", [("config",), ("model", "list"), ("model", "recommend"), ()])
def test_commands_that_need_no_docker_run(words: tuple[str, ...]):
    out = without(f"from atlas_lsp.cli import main\nsys.exit(main({list(words)!r}))")
    assert out


def test_a_file_is_written_without_owners_and_attributes(tmp_path: Path):
    path = tmp_path / "m.py"
    path.write_bytes(b"a\r\n")
    without(
        "from pipeline.source.write import write_if_unchanged\n"
        f"write_if_unchanged(pathlib.Path({str(path)!r}), b'a\\r\\n', b'b\\r\\n')"
    )
    assert path.read_bytes() == b"b\r\n"


def test_a_folder_that_is_only_read_costs_the_cache_alone(tmp_path: Path):
    out = without(
        "from pipeline.storage.kept import keep, read_kept\n"
        f"path = pathlib.Path({str(tmp_path)!r}) / 'x'\n"
        "print(keep(path, b'1'), read_kept(path))"
    )
    assert out.split() == ["True", "b'1'"]
