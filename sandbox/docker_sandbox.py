"""The sandbox in Docker: a pool of warm, confined containers. Imports docker in `start`, not
before.

It does not cover a kernel or container-runtime exploit; use `runtime="runsc"` where that matters.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from sandbox.api import Job, Observation, SandboxUnavailable, World
from sandbox.lanes import Worker, WorkerPool
from sandbox.world import WorldRefused

if TYPE_CHECKING:
    from sandbox.container import ContainerPlan

_log = logging.getLogger(__name__)


_REFUSED_FOR_S = 10.0
SiteFrom = Literal["mount", "layer", "image"]
"""How a project's packages get in: this machine's folders mounted, copied into an image layer, or
what an image of `atlas sandbox build --packages` has.
"""


class DockerSandbox:
    """Keeps the `Sandbox` Protocol."""

    def __init__(
        self,
        *,
        workers: int | None = None,
        image: str | None = None,
        packages: tuple[str, ...] = (),
        memory_mb: int = 512,
        runtime: str | None = None,
        environ: Mapping[str, str] | None = None,
        reconnect_s: float = 30.0,
        site_from: SiteFrom | None = None,
    ) -> None:
        """`image` is a tag to use as it is; None finds or builds the usual one.

        `memory_mb` is the container's; the limits of a job must lie below it.
        `site_from` None takes the best way for a project's packages that the engine allows.
        """
        self._n_workers = workers or default_workers()
        self._image = image
        self._packages = packages
        self._memory_mb = memory_mb
        self._runtime = runtime
        self._environ = environ
        self._reconnect_s = reconnect_s
        self._site_from = site_from
        self._pool: WorkerPool | None = None
        self._clients = threading.local()
        self._settling = threading.Lock()
        self._is_settled = False
        self._python = ""
        """Version in the usual image."""
        self._pythons: dict[tuple[str, str], str] = {}
        """Images of other Pythons, by version and interpreter."""
        self._refused: dict[str, tuple[float, str]] = {}
        """Packages that could not be brought in: when, and why."""
        self._supplies: dict[str, str] = {}
        """By packages: the image that has them; empty where they are mounted."""

    @property
    def kind(self) -> str:
        return "docker"

    @property
    def isolation(self) -> tuple[str, ...]:
        return self._pool.isolation if self._pool else ()

    async def start(self) -> None:
        if self._pool is None:
            self._pool = await asyncio.to_thread(self._start)

    def _start(self) -> WorkerPool:
        """Start; what the engine breaks off is begun once more, as a run is."""
        try:
            import docker  # noqa: F401 - only whether it is there
        except ImportError as exc:
            raise SandboxUnavailable("the docker package is missing; pip install docker") from exc
        import requests
        from docker.errors import DockerException

        from sandbox.docker_engine import connect, find_endpoint, is_broken_off, one_line

        self._endpoint = find_endpoint(self._environ)
        connect(self._endpoint).close()
        for is_last in (False, True):
            try:
                return self._started()
            except SandboxUnavailable as exc:
                self._check_engine(exc)
                if is_last or not is_broken_off(exc):
                    raise
            except (DockerException, requests.exceptions.RequestException) as exc:
                self._check_engine(exc)
                if is_last:
                    raise SandboxUnavailable(
                        f"the Docker engine broke off while the sandbox started: {one_line(exc)}; "
                        "look into its log"
                    ) from exc
        raise AssertionError("unreachable")

    def _check_engine(self, exc: Exception) -> None:
        """Name the engine's end as the cause, where that is what happened."""
        from sandbox.docker_engine import connect

        self._clients = threading.local()
        try:
            connect(self._endpoint).close()
        except SandboxUnavailable as gone:
            raise SandboxUnavailable(
                f"the Docker engine went away while the sandbox started: {gone}"
            ) from exc

    def _started(self) -> WorkerPool:
        from sandbox.container import ContainerPlan, group_for, owner_labels, sweep
        from sandbox.docker_engine import connect
        from sandbox.image import ensure_image
        from sandbox.tested import ensure_tested

        client = connect(self._endpoint)
        try:
            sweep(client)
            tag = self._image or ensure_image(client, packages=self._packages).tag
            self._version = client.api_version
            group = group_for(client)
        finally:
            client.close()
        self._plan = ContainerPlan(
            image=tag,
            memory_mb=self._memory_mb,
            labels=owner_labels(),
            runtime=self._runtime,
            group=group or "",
            dropped=() if group is not None else ("own-weight",),
        )
        ensure_tested(self._client(), tag, lambda: self._open_worker(0, None))
        pool = WorkerPool(self._n_workers, self._open_worker, reconnect_s=self._reconnect_s)
        pool.start()
        return pool

    def _open_worker(self, seed: int, world: World | None) -> Worker:
        """One more container; the first refusal shows which options the engine cannot take."""
        from sandbox.container import open_container
        from sandbox.docker_engine import check_socket

        plan = self._plan
        check_socket(self._endpoint)
        if world is not None:
            return open_container(self._client(), self._prepared(world, plan), seed)
        try:
            worker: Worker = open_container(self._client(), plan, seed)
        except SandboxUnavailable:
            if self._is_settled:
                raise
            worker = self._opened_again(seed, plan)
        self._is_settled = True
        self._python = worker.python
        return worker

    def _opened_again(self, seed: int, plan: ContainerPlan) -> Worker:
        """No guarantee is dropped for what was but a hiccup."""
        from sandbox.container import open_container

        try:
            return open_container(self._client(), plan, seed)
        except SandboxUnavailable:
            return self._with_fewer_options(seed, plan)

    def _prepared(self, world: World, plan: ContainerPlan) -> ContainerPlan:
        """As `_for`; what fails is not tried again for each of a thousand jobs.

        Raises WorldRefused.
        """
        import requests
        from docker.errors import DockerException

        from sandbox.docker_engine import one_line

        at, why = self._refused.get(world.site_key, (0.0, ""))
        if why and time.monotonic() - at < _REFUSED_FOR_S:
            raise WorldRefused(why)
        try:
            return self._for(world, plan)
        except (SandboxUnavailable, DockerException, requests.exceptions.RequestException) as exc:
            why = str(exc) if isinstance(exc, SandboxUnavailable) else one_line(exc)
            self._refused[world.site_key] = time.monotonic(), why
            raise WorldRefused(why) from exc

    def _for(self, world: World, plan: ContainerPlan) -> ContainerPlan:
        """With the world's packages: mounted where the engine sees our files, else in a layer."""
        from sandbox.layers import ensure_layer, find_pinned
        from sandbox.site import mounts

        found = mounts(world)
        with self._settling:
            plan = replace(plan, is_project=True, image=self._image_for(world, plan))
            if not world.site:
                return plan
            if world.site_key not in self._supplies:
                client, tag = self._client(), ""
                way = self._site_from or self._best_way(client, world)
                if way == "image":
                    tag = find_pinned(client, world)
                elif way == "layer":
                    tag = ensure_layer(client, plan.image, world)
                self._supplies[world.site_key] = tag
        tag = self._supplies[world.site_key]
        return replace(plan, image=tag) if tag else replace(plan, site=found)

    def _image_for(self, world: World, plan: ContainerPlan) -> str:
        """The usual image, or one of the project's Python where that is another."""
        from sandbox.container import open_container
        from sandbox.pythons import ensure_python
        from sandbox.tested import ensure_tested

        if not world.python or f"{self._python}.".startswith(f"{world.python}."):
            return plan.image
        key = world.python, world.interpreter
        if key not in self._pythons:
            client = self._client()
            tag = ensure_python(client, world).tag
            other = replace(plan, image=tag)
            ensure_tested(client, tag, lambda: open_container(client, other, 0))
            self._pythons[key] = tag
        return self._pythons[key]

    def _best_way(self, client: Any, world: World) -> SiteFrom:
        """A mount is the fastest; it needs an engine that sees our files as they are."""
        from sandbox.site import is_foreign, is_readable_by_all, sees_our_files

        if is_foreign(client):
            return "image"
        is_seen = sees_our_files(client, self._endpoint.url) and is_readable_by_all(world)
        return "mount" if is_seen else "layer"

    def _with_fewer_options(self, seed: int, plan: ContainerPlan) -> Worker:
        """Leave out one optional guarantee, then all; aloud. Raises the last refusal."""
        from sandbox.container import OPTIONAL, open_container

        with self._settling:
            if self._plan is not plan:
                return open_container(self._client(), self._plan, seed)
            for dropped in (*((name,) for name in OPTIONAL), OPTIONAL):
                fewer = replace(plan, dropped=(*plan.dropped, *dropped))
                try:
                    worker = open_container(self._client(), fewer, seed)
                except SandboxUnavailable as exc:
                    refusal = exc
                    continue
                _log.warning("this engine refuses %s; going on without", ", ".join(dropped))
                self._plan = fewer
                return worker
        raise refusal

    def _client(self) -> Any:
        """One client per lane thread, because sessions are not shared between threads."""
        from sandbox.docker_engine import connect

        if not hasattr(self._clients, "client"):
            self._clients.client = connect(self._endpoint, version=self._version)
        return self._clients.client

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        if self._pool is None:
            raise SandboxUnavailable("the sandbox is not started; await start() first")
        return await self._pool.run(jobs, group)

    async def aclose(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.shield(asyncio.to_thread(pool.close))


def default_workers() -> int:
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
