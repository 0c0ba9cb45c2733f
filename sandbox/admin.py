"""What `atlas sandbox build|list|prune|doctor|cleanup` do; blocking, and without any printing."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import image as images
from sandbox.api import SandboxUnavailable
from sandbox.channel import WorkerDied
from sandbox.container import ContainerPlan, open_container, owner_labels, sweep
from sandbox.docker_engine import Client, connect, find_endpoint, one_line
from sandbox.image import Image
from sandbox.layers import SITE_LABEL
from sandbox.tested import complaints


@dataclass(frozen=True, kw_only=True)
class SandboxCheck:
    name: str
    ok: bool
    what: str
    """What was found, one line."""
    mend: str = ""
    """What to do about it; empty when all is well."""


@dataclass(frozen=True, kw_only=True)
class Report:
    checks: tuple[SandboxCheck, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class KeptImage:
    """One image of ours in the engine's store."""

    tag: str
    what: str
    """What it is for, in words."""
    size_mb: float
    is_current: bool
    """Whether this version of Atlas would still run it."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    n_images: int
    freed_mb: float


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    n_containers: int
    n_images: int


def build(
    *,
    from_local: bool = False,
    from_tar: Path | None = None,
    base: str | None = None,
    packages: tuple[str, ...] = (),
    wheels: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Image:
    """Build the sandbox's image anew; raises SandboxUnavailable."""
    client = connect(find_endpoint(environ))
    try:
        if from_tar is not None:
            return images.load_tar(client, from_tar)
        chosen = images.LOCAL_BASE if from_local else base
        return images.build(client, packages=packages, base=chosen, wheels=wheels)
    finally:
        client.close()


def cleanup(*, images_too: bool = False, environ: Mapping[str, str] | None = None) -> Cleaned:
    """Remove every container of ours, also of living processes; with `images_too` all our images.

    Raises SandboxUnavailable when no engine answers.
    """
    client = connect(find_endpoint(environ))
    try:
        n_containers = sweep(client, everything=True)
        n_images = _remove_images(client) if images_too else 0
    finally:
        client.close()
    return Cleaned(n_containers=n_containers, n_images=n_images)


def kept(environ: Mapping[str, str] | None = None) -> tuple[KeptImage, ...]:
    """Every image of ours, the largest first. Raises SandboxUnavailable."""
    client = connect(find_endpoint(environ))
    try:
        found = [_kept(one) for one in client.images(filters={"label": images.LABEL})]
    finally:
        client.close()
    return tuple(sorted(found, key=lambda one: -one.size_mb))


def _kept(one: Mapping[str, Any]) -> KeptImage:
    labels = one.get("Labels") or {}
    # An engine lists an image without a name as "<none>:<none>".
    shown = (tag for tag in one.get("RepoTags") or () if not tag.startswith("<none>"))
    tags = [tag for tag in shown if ":tested-" not in tag]
    what, pins = "the worker", labels.get(SITE_LABEL, labels.get(images.PINS_LABEL))
    if pins is not None:
        what = f"the worker with {pins.replace(' ', ', ') or 'packages without metadata'}"
    return KeptImage(
        tag=tags[0] if tags else str(one["Id"]),
        what=what,
        size_mb=one["Size"] / 1e6,
        is_current=labels.get(images.WORKER_LABEL) == images.worker_digest(),
    )


def prune(*, everything: bool = False, environ: Mapping[str, str] | None = None) -> Pruned:
    """Remove the images that this version does not run, with `everything` also the packages of
    projects, which are made again when they are needed. Raises SandboxUnavailable.
    """
    client = connect(find_endpoint(environ))
    try:
        found = client.images(filters={"label": images.LABEL})
        gone = [one for one in found if _is_dispensable(one, everything)]
        removed = sum(_removed(client, one) for one in gone)
    finally:
        client.close()
    return Pruned(n_images=removed, freed_mb=sum(one["Size"] for one in gone) / 1e6)


def _is_dispensable(one: Mapping[str, Any], everything: bool) -> bool:
    is_packages = SITE_LABEL in (one.get("Labels") or {})
    return not _kept(one).is_current or (everything and is_packages)


def _removed(client: Client, one: Mapping[str, Any]) -> bool:
    """Not while a container runs it, of this or another process."""
    from docker.errors import APIError

    tags = [tag for tag in one.get("RepoTags") or () if tag != "<none>:<none>"]
    try:
        for name in tags or [one["Id"]]:
            client.remove_image(name)
    except APIError:
        return False
    return True


def _remove_images(client: Client) -> int:
    found = client.images(filters={"label": images.LABEL})
    for one in found:
        client.remove_image(one["Id"], force=True)
    return len(found)


def doctor(environ: Mapping[str, str] | None = None) -> Report:
    """Every step from the package to a running worker; stops at the first that fails."""
    if importlib.util.find_spec("docker") is None:
        check = SandboxCheck(
            name="docker package", ok=False, what="not installed", mend="pip install docker"
        )
        return Report(checks=(check,))
    try:
        endpoint = find_endpoint(environ)
        client = connect(endpoint)
    except SandboxUnavailable as exc:
        what, _, mend = str(exc).partition("; ")
        return Report(checks=(SandboxCheck(name="engine", ok=False, what=what, mend=mend),))
    try:
        return Report(checks=(_engine(client, endpoint.url), *_image_and_worker(client)))
    finally:
        client.close()


def _engine(client: Client, url: str) -> SandboxCheck:
    said = client.version()
    name = (said.get("Platform") or {}).get("Name") or "engine"
    what = f"{name} {said.get('Version', '?')} at {url}, API {client.api_version}"
    return SandboxCheck(name="engine", ok=True, what=what)


def _image_and_worker(client: Client) -> tuple[SandboxCheck, ...]:
    try:
        image = images.ensure_image(client)
    except SandboxUnavailable as exc:
        mend = "build one with `atlas sandbox build --from-local` or `--from-tar`"
        return (SandboxCheck(name="image", ok=False, what=str(exc), mend=mend),)
    found = SandboxCheck(name="image", ok=True, what=f"{image.tag} on {image.base}")
    return (found, *_worker(client, image))


def _worker(client: Client, image: Image) -> tuple[SandboxCheck, ...]:
    plan = ContainerPlan(image=image.tag, memory_mb=256, labels=owner_labels())
    try:
        worker = open_container(client, plan, 0)
    except (SandboxUnavailable, WorkerDied) as exc:
        mend = "look into the engine's log; `atlas sandbox build` makes a new image"
        return (SandboxCheck(name="container", ok=False, what=one_line(exc), mend=mend),)
    try:
        found = complaints(worker)
    finally:
        worker.close()
    words = ", ".join(worker.isolation)
    checks = [SandboxCheck(name="container", ok=True, what=f"in force: {words}")]
    checks += [
        SandboxCheck(name="self-test", ok=False, what=text, mend="do not run untrusted code here")
        for text in found
    ]
    if not found:
        checks.append(SandboxCheck(name="self-test", ok=True, what="every promise was kept"))
    return tuple(checks)
