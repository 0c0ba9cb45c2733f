"""Images of another Python than the one that Atlas runs on: that of a project."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from sandbox import image as images
from sandbox.api import SandboxUnavailable, World
from sandbox.docker_engine import Client
from sandbox.image import Image

_ASK_TIMEOUT_S = 20
_WRITE_TIMEOUT_S = 120
_ASK = "import sys; print(sys.version)"
# The project's Python copies itself: only it can compile what it will run.
_WRITE = """
import sys
sys.path.insert(0, sys.argv[1])
from sandbox.image import write_local
write_local(sys.argv[2])
"""


def ensure_python(client: Client, world: World) -> Image:
    """An image of the world's Python, from its own files or else from a registry.

    Raises SandboxUnavailable.
    """
    try:
        return _from_interpreter(client, world)
    except SandboxUnavailable as exc:
        base = f"python:{world.python}-slim"
        try:
            return images.build(client, base=base)
        except SandboxUnavailable:
            raise SandboxUnavailable(
                f"no sandbox for the project's Python {world.python}: {exc}, "
                f"and no registry has {base}"
            ) from exc


def _from_interpreter(client: Client, world: World) -> Image:
    if not world.interpreter:
        raise SandboxUnavailable("its interpreter is not known")
    version = _run(world.interpreter, _ASK, timeout_s=_ASK_TIMEOUT_S).strip()
    image = images.local_image(version)
    if not images.exists(client, image.tag):
        root = str(Path(__file__).parent.parent)
        with tempfile.TemporaryDirectory() as folder:
            target = f"{folder}/root.tar"
            _run(world.interpreter, _WRITE, root, target, timeout_s=_WRITE_TIMEOUT_S)
            images.import_local(client, Path(target).read_bytes(), image)
    return image


def _run(python: str, source: str, *words: str, timeout_s: float) -> str:
    """What it prints; nothing of the project's is imported. Raises SandboxUnavailable."""
    command = [python, "-I", "-S", "-c", source, *words]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout_s
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise SandboxUnavailable(f"{python} does not start: {exc}") from exc
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SandboxUnavailable(f"{python} cannot be copied: {last}")
    return done.stdout
