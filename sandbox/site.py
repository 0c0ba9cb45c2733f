"""A project's installed packages, on their way to where tests can read and not write them."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sandbox.api import World
from sandbox.docker_engine import Client
from sandbox.world import WorldRefused

INSIDE = "/site"
"""Where a container sees them."""


def link(world: World | None, folder: Path) -> None:
    """Show the packages, and no others, in a folder of this machine."""
    for inside, path in sorted(world.site.items()) if world else ():
        _check(inside, path)
        target = folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path)


def mounts(world: World) -> tuple[tuple[str, str], ...]:
    """Path on this machine and path in a container, of each package.

    Raises WorldRefused for what is not there.
    """
    for inside, path in world.site.items():
        _check(inside, path)
    real = ((str(Path(path).resolve()), inside) for inside, path in sorted(world.site.items()))
    return tuple((path, f"{INSIDE}/{inside}") for path, inside in real)


def sees_our_files(client: Client, url: str) -> bool:
    """Whether the engine runs on this machine, as a user whose mounts show what we see."""
    if not url.startswith("unix://") or sys.platform != "linux":
        return False
    about = client.info()
    is_here = about.get("Name") == socket.gethostname()
    is_same_kernel = about.get("KernelVersion") == platform.release()
    options = " ".join(about.get("SecurityOptions") or ())
    # In a container with the host's network Atlas has the host's name and none of its files.
    is_same_root = Path(str(about.get("DockerRootDir") or "/nowhere")).is_dir()
    is_ours = "rootless" not in options and "userns" not in options
    return is_here and is_same_kernel and is_same_root and is_ours


def is_foreign(client: Client) -> bool:
    """Whether binaries of this machine do not run there."""
    about = client.version()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(about.get("Arch", ""), about.get("Arch"))
    return bool(sys.platform != "linux" or machine != platform.machine())


def _check(inside: str, path: str) -> None:
    parts = PurePosixPath(inside).parts
    if not parts or ".." in parts or inside.startswith("/"):
        raise WorldRefused(f"{inside!r} is no path below site-packages")
    if not Path(path).exists():
        raise WorldRefused(f"the environment has lost {path}; install its packages again")


def is_readable_by_all(world: World) -> bool:
    """Whether another user can read the packages, as a mounted folder keeps its owner and mode."""
    return all(mode & 0o4 for path in world.site.values() for mode in _modes(path))


def _modes(path: str) -> Iterator[int]:
    yield os.stat(path).st_mode  # noqa: PTH116 - thousands of files, on the way to a first verdict
    for base, folders, files in os.walk(path):
        for name in (*folders, *files):
            yield os.lstat(f"{base}/{name}").st_mode
