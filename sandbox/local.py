"""`unsafe-local`: the same worker as a plain child process. It confines next to nothing; ask for
it by name.

A program can read and write this user's files, use the network, and survive as a daemon if the
worker is killed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from sandbox.api import Job, Observation, SandboxUnavailable, World
from sandbox.channel import Channel, PipeStream, WorkerDied
from sandbox.docker_sandbox import default_workers
from sandbox.lanes import Worker, WorkerPool
from sandbox.processes import kill_tree
from sandbox.site import link

_GREETING_TIMEOUT_S = 20
_FLAGS = ("-s", "-P", "-m", "sandbox.worker")


class LocalSandbox:
    """Keeps the `Sandbox` Protocol; every observation is marked `unsandboxed`."""

    def __init__(self, *, workers: int | None = None) -> None:
        self._n_workers = workers or default_workers()
        self._pool: WorkerPool | None = None

    @property
    def kind(self) -> str:
        return "unsafe-local"

    @property
    def isolation(self) -> tuple[str, ...]:
        return self._pool.isolation if self._pool else ()

    async def start(self) -> None:
        if self._pool is None:
            pool = WorkerPool(self._n_workers, _open_worker, reconnect_s=2.0)
            await asyncio.to_thread(pool.start)
            self._pool = pool

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        if self._pool is None:
            raise SandboxUnavailable("the sandbox is not started; await start() first")
        return await self._pool.run(jobs, group)

    async def aclose(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.shield(asyncio.to_thread(pool.close))


class _LocalWorker:
    """A worker process and its pipes."""

    def __init__(
        self, process: subprocess.Popen[bytes], write_fd: int, read_fd: int, folder: Path
    ) -> None:
        self._process = process
        self._folder = folder
        self._killing = threading.Lock()
        self.channel = Channel(PipeStream(write_fd, read_fd, self._kill))
        self.isolation: tuple[str, ...] = ()
        self.python = ""
        self.site = str(folder / "site")

    def _kill(self) -> None:
        with self._killing:
            if self._process.returncode is None:
                kill_tree(self._process.pid)
                self._process.wait()
                shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        self.channel.close()


def _open_worker(seed: int, world: World | None) -> Worker:
    """Raises SandboxUnavailable or WorkerDied."""
    folder = Path(tempfile.mkdtemp(prefix="atlas-local-"))
    python = (world and world.interpreter) or sys.executable
    link(world, folder / "site")
    requests_out, requests_in = os.pipe()
    replies_out, replies_in = os.pipe()
    try:
        process = subprocess.Popen(
            # Without `site`, so that a project finds its own packages and none of ours.
            [python, *(["-S"] if world else []), *_FLAGS, "--local", str(folder)],
            stdin=requests_out,
            stdout=replies_in,
            stderr=subprocess.DEVNULL,
            env=_environment(seed),
            cwd=folder,
        )
    except OSError as exc:
        os.close(requests_in)
        os.close(replies_out)
        shutil.rmtree(folder, ignore_errors=True)
        raise SandboxUnavailable(f"cannot start {python}: {exc}") from exc
    finally:
        os.close(requests_out)
        os.close(replies_in)
    worker = _LocalWorker(process, requests_in, replies_out, folder)
    try:
        hello = worker.channel.greet(_GREETING_TIMEOUT_S)
    except WorkerDied:
        worker.close()
        raise
    worker.isolation = ("unsandboxed", *hello.isolation)
    worker.python = hello.python
    return worker


def _environment(seed: int) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": str(seed % (1 << 32)),
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
