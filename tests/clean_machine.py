"""From nothing to a repair on a machine with Python only: every step timed and printed.

`python tests/clean_machine.py WHEELS MODEL` makes a root folder that holds this Python, pip and
what compiled wheels need from the system, enters it (chroot, so as root), installs Atlas from the
folder of wheels without a network, and repairs a package that it has never seen. The Docker engine
is the one outside, through a socket of its own; it must have the image, as no registry answers.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from pathlib import Path

from sandbox import rootfs

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
MODULE = '''\
"""Prices of a shop."""

RATE = 19


def with_tax(cents):
    """The price with tax, rounded down.

    >>> with_tax(100)
    119
    >>> with_tax(0)
    0
    >>> with_tax(250)
    297
    """
    return cents + cents * RATE / 100
'''
STEPS = (
    ("make an environment", f"{PYTHON} -m venv /root/env"),
    ("install", "pip install -q --no-index --find-links /wheels atlas-lsp"),
    ("say what one can do", "atlas"),
    ("set up", "atlas init --yes --model /models/mine.gguf"),
    ("show the settings", "atlas config"),
    ("repair a package of one's own", "atlas repair shop/prices.py::with_tax --apply"),
    ("run its examples", "python -m doctest shop/prices.py"),
)


def main(wheels: Path, model: Path) -> int:
    with tempfile.TemporaryDirectory(prefix="clean-") as folder:
        root = Path(folder)
        began = time.monotonic()
        furnish(root, wheels, model)
        print(f"{time.monotonic() - began:7.1f} s  a root folder with Python only", flush=True)
        relay(root / "run" / "docker.sock")
        for what, command in STEPS:
            code, took, said = inside(root, command)
            print(f"{took:7.1f} s  {what}: {command}", flush=True)
            print("".join(f"           | {line}\n" for line in said.splitlines()), end="")
            if code != 0:
                print(f"           exit code {code}")
                return 1
    print("done")
    return 0


def furnish(root: Path, wheels: Path, model: Path) -> None:
    """This Python with pip's own wheel, the C library's parts, the wheels, a model, a package."""
    files = rootfs.base_files()
    stdlib = Path(sysconfig.get_path("stdlib"))
    for name in ("ensurepip", "venv", "distutils"):
        for path in (stdlib / name).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                inside_ = path.relative_to(stdlib).as_posix()
                files[f"usr/local/lib/{PYTHON}/{inside_}"] = (path.read_bytes(), 0o644)
    files["root/work/shop/prices.py"] = (MODULE.encode(), 0o644)
    files["root/work/shop/__init__.py"] = (b"", 0o644)
    for name, (data, mode) in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(mode)
    for library in compilers_libraries():
        shutil.copy(library, root / "usr" / "local" / "lib" / library.name)
    for name in ("tmp", "proc", "dev", "etc", "run", "models"):
        (root / name).mkdir(exist_ok=True)
    (root / "dev" / "null").touch()
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    shutil.copytree(wheels, root / "wheels")
    shutil.copy(model, root / "models" / "mine.gguf")


def compilers_libraries() -> list[Path]:
    """What whoever compiles llama.cpp there has with the compiler."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    lines = [line.split() for line in listed.stdout.splitlines() if "=>" in line]
    wanted = ("libgomp.so.1", "libstdc++.so.6", "libgcc_s.so.1")
    return [Path(words[-1]) for words in lines if words[0] in wanted and "x86-64" in "".join(words)]


def inside(root: Path, command: str) -> tuple[int, float, str]:
    """Exit code, seconds and all output of a command in the new root."""
    began = time.monotonic()
    environ = {
        "PATH": "/root/env/bin:/usr/local/bin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": "/usr/local/lib",
        "DOCKER_HOST": "unix:///run/docker.sock",
    }

    def enter() -> None:
        os.chroot(root)
        os.chdir("/root/work")

    done = subprocess.run(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environ,
        check=False,
        preexec_fn=enter,
    )
    return done.returncode, time.monotonic() - began, done.stdout.decode(errors="replace")


def relay(path: Path) -> None:
    """The engine's socket at a place inside of the new root."""
    there = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()

    def serve() -> None:
        while True:
            client, _ = server.accept()
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(there)
            for one, other in ((client, engine), (engine, client)):
                threading.Thread(target=carry, args=(one, other), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
