"""What `atlas sandbox build|doctor|cleanup` do; blocking, and without any printing."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox import image as images
from sandbox.api import SandboxUnavailable
from sandbox.channel import WorkerDied
from sandbox.container import Plan, open_container, owner_labels, sweep
from sandbox.engine import Client, connect, find_endpoint, one_line
from sandbox.image import Image
from sandbox.tested import complaints


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    ok: bool
    what: str
    """What was found, one line."""
    mend: str = ""
    """What to do about it; empty when all is well."""


@dataclass(frozen=True, kw_only=True)
class Report:
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


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


def _remove_images(client: Client) -> int:
    found = client.images(filters={"label": images.LABEL})
    for one in found:
        client.remove_image(one["Id"], force=True)
    return len(found)


def doctor(environ: Mapping[str, str] | None = None) -> Report:
    """Every step from the package to a running worker; stops at the first that fails."""
    if importlib.util.find_spec("docker") is None:
        check = Check(
            name="docker package", ok=False, what="not installed", mend="pip install docker"
        )
        return Report(checks=(check,))
    try:
        endpoint = find_endpoint(environ)
        client = connect(endpoint)
    except SandboxUnavailable as exc:
        what, _, mend = str(exc).partition("; ")
        return Report(checks=(Check(name="engine", ok=False, what=what, mend=mend),))
    try:
        return Report(checks=(_engine(client, endpoint.url), *_image_and_worker(client)))
    finally:
        client.close()


def _engine(client: Client, url: str) -> Check:
    said = client.version()
    name = (said.get("Platform") or {}).get("Name") or "engine"
    what = f"{name} {said.get('Version', '?')} at {url}, API {client.api_version}"
    return Check(name="engine", ok=True, what=what)


def _image_and_worker(client: Client) -> tuple[Check, ...]:
    try:
        image = images.ensure_image(client)
    except SandboxUnavailable as exc:
        mend = "build one with `atlas sandbox build --from-local` or `--from-tar`"
        return (Check(name="image", ok=False, what=str(exc), mend=mend),)
    found = Check(name="image", ok=True, what=f"{image.tag} on {image.base}")
    return (found, *_worker(client, image))


def _worker(client: Client, image: Image) -> tuple[Check, ...]:
    plan = Plan(image=image.tag, memory_mb=256, labels=owner_labels())
    try:
        worker = open_container(client, plan, 0)
    except (SandboxUnavailable, WorkerDied) as exc:
        mend = "look into the engine's log; `atlas sandbox build` makes a new image"
        return (Check(name="container", ok=False, what=one_line(exc), mend=mend),)
    try:
        found = complaints(worker)
    finally:
        worker.close()
    words = ", ".join(worker.isolation)
    checks = [Check(name="container", ok=True, what=f"in force: {words}")]
    checks += [
        Check(name="self-test", ok=False, what=text, mend="do not run untrusted code here")
        for text in found
    ]
    if not found:
        checks.append(Check(name="self-test", ok=True, what="every promise was kept"))
    return tuple(checks)
