"""Runs untrusted Python; `open_sandbox` is the one factory. Importing this package does no work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.api import Sandbox

Kind = Literal["docker", "unsafe-local"]


def open_sandbox(
    kind: Kind = "docker",
    *,
    workers: int | None = None,
    image: str | None = None,
    packages: tuple[str, ...] = (),
    memory_mb: int = 512,
    runtime: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Sandbox:
    """A sandbox that is not started yet; `workers` None means one per core, at most four.

    `memory_mb` is what a whole container may take; the limits of a job lie below it.
    `runtime` is the engine's container runtime, as `runsc` (gVisor); None takes the engine's own.
    `environ` is where DOCKER_HOST and DOCKER_CONTEXT are looked up; None means this process's own.
    Raises ValueError for an unknown kind.
    """
    if kind == "docker":
        from sandbox.docker_sandbox import DockerSandbox

        return DockerSandbox(
            workers=workers,
            image=image,
            packages=packages,
            memory_mb=memory_mb,
            runtime=runtime,
            environ=environ,
        )
    if kind == "unsafe-local":
        from sandbox.local import LocalSandbox

        return LocalSandbox(workers=workers)
    raise ValueError(f"unknown sandbox kind {kind!r}; use docker or unsafe-local")
