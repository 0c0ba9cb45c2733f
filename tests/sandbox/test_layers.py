"""How a project's packages reach an engine, and what becomes of the images that hold them."""

from __future__ import annotations

import asyncio
import platform
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import admin, image, layers, site
from sandbox.admin import build
from sandbox.api import Call, Job, Observation, Outcome, World
from sandbox.docker_sandbox import DockerSandbox, SiteFrom
from tests.sandbox.test_image import make_wheel

CODE = "import tinytree\ndef f(): return tinytree.ANSWER\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    folder = tmp_path / "packages"
    (folder / "tinytree").mkdir(parents=True)
    (folder / "tinytree" / "__init__.py").write_text("ANSWER = 42\n")
    (folder / "tinytree-1.0.dist-info").mkdir()
    (folder / "tinytree-1.0.dist-info" / "METADATA").write_text("Name: tinytree\nVersion: 1.0\n")
    paths = {path.name: str(path) for path in folder.iterdir()}
    return World(module="tool", path="tool.py", files={}, site=paths, preload=("tinytree",))


async def answer(world: World, site_from: SiteFrom | None = None) -> Observation:
    box = DockerSandbox(workers=1, site_from=site_from)
    await box.start()
    try:
        (seen,) = await box.run([Job(code=CODE, form=Call(entry="f"), world=world)])
    finally:
        await box.aclose()
    return seen


def check_answer(world: World, site_from: SiteFrom | None = None) -> None:
    seen = asyncio.run(answer(world, site_from))
    assert (seen.outcome, seen.value) == (Outcome.RETURNED, 42), seen


@pytest.fixture
def no_layers() -> Iterator[None]:
    """Layers of this test alone are there, and none after it."""
    yield
    admin.prune(everything=True)


def layer_tags() -> set[str]:
    return {one.tag for one in admin.kept() if one.tag.startswith("atlas-sandbox-site:")}


@pytest.mark.docker
def test_an_engine_of_this_machine_sees_the_packages_without_a_copy(world):
    before = layer_tags()
    check_answer(world)
    assert layer_tags() == before


@pytest.mark.docker
def test_packages_that_only_their_owner_may_read_go_into_a_layer(world, no_layers):
    for folder in world.site.values():
        Path(folder).chmod(0o700)
    assert not site.is_readable_by_all(world)
    before = layer_tags()
    check_answer(world)
    (added,) = layer_tags() - before
    check_answer(world)
    assert layer_tags() - before == {added}, "the same packages are the same layer"
    (shown,) = [one for one in admin.kept() if one.tag == added]
    assert "tinytree==1.0" in shown.what
    assert shown.is_current


@pytest.mark.docker
def test_other_content_is_another_layer(world, no_layers):
    client = admin.connect(admin.find_endpoint())
    base = image.ensure_image(client).tag
    first = layers.ensure_layer(client, base, world)
    assert layers.ensure_layer(client, base, replace(world, module="other")) == first
    Path(world.site["tinytree"], "__init__.py").write_text("ANSWER = 43\n")
    assert layers.ensure_layer(client, base, world) != first
    client.close()


@pytest.mark.docker
def test_no_link_brings_in_what_lies_outside_of_a_package(world, tmp_path, no_layers):
    secret = tmp_path / "secret"
    secret.write_text("key")
    Path(world.site["tinytree"], "link").symlink_to(secret)
    assert not [inside for inside, _path in layers._site_files(world) if "link" in inside]
    source = f"import tinytree\ndef f(): return open({str(secret)!r}).read()\n"
    box = DockerSandbox(workers=1)

    async def read() -> list[str]:
        await box.start()
        try:
            through = source.replace(repr(str(secret)), "tinytree.__path__[0] + '/link'")
            jobs = [Job(code=c, form=Call(entry="f"), world=world) for c in (source, through)]
            return [s.exception.type if s.exception else "read" for s in await box.run(jobs)]
        finally:
            await box.aclose()

    assert asyncio.run(read()) == ["FileNotFoundError"] * 2


@pytest.mark.docker
def test_an_engine_of_another_system_says_what_to_fetch_and_then_uses_it(world, tmp_path):
    seen = asyncio.run(answer(world, "image"))
    assert seen.outcome is Outcome.NOT_RUN
    assert "atlas sandbox build --packages tinytree==1.0" in seen.detail
    make_wheel(tmp_path / "wheels", version="1.0")
    built = build(from_local=True, packages=("tinytree==1.0",), wheels=tmp_path / "wheels")
    try:
        check_answer(world, "image")
    finally:
        subprocess.run(["docker", "rmi", "-f", built.tag], check=True, capture_output=True)


@pytest.mark.docker
def test_wheels_make_an_image_of_their_own(tmp_path):
    """Whoever builds with wheels leaves everyone else's image alone."""
    default = build(from_local=True).tag
    make_wheel(tmp_path / "wheels")
    built = build(from_local=True, wheels=tmp_path / "wheels").tag
    subprocess.run(["docker", "rmi", "-f", built], check=True, capture_output=True)
    assert built != default


@pytest.mark.docker
def test_images_of_other_versions_are_pruned_and_ours_are_kept(tmp_path):
    ours = build(from_local=True).tag
    (tmp_path / "Dockerfile").write_text(f"FROM {ours}\nLABEL {image.WORKER_LABEL}=old\n")
    command = ["docker", "build", "-q", "-t", "atlas-sandbox:old-one", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    assert not next(one for one in admin.kept() if one.tag == "atlas-sandbox:old-one").is_current
    assert admin.prune().n_images >= 1
    tags = {one.tag for one in admin.kept()}
    assert ours in tags
    assert "atlas-sandbox:old-one" not in tags


def test_an_image_without_a_name_is_shown_by_its_id():
    listed = {"Id": "sha256:ab", "RepoTags": ["<none>:<none>"], "Labels": None, "Size": 1}
    assert admin._kept(listed).tag == "sha256:ab"


def test_a_remote_engine_is_not_this_machine():
    class Engine:
        def info(self) -> dict[str, object]:
            return {"Name": "elsewhere", "KernelVersion": "1"}

    assert not site.sees_our_files(Engine(), "tcp://10.0.0.1:2375")
    assert not site.sees_our_files(Engine(), "unix:///var/run/docker.sock")


def test_an_engine_beside_our_container_is_not_this_machine(tmp_path: Path):
    class Engine:
        def __init__(self, root: Path) -> None:
            self.root = root

        def info(self) -> dict[str, object]:
            here = {"Name": socket.gethostname(), "KernelVersion": platform.release()}
            return {**here, "DockerRootDir": str(self.root)}

    url = "unix:///var/run/docker.sock"
    assert site.sees_our_files(Engine(tmp_path), url)
    assert not site.sees_our_files(Engine(tmp_path / "of-the-host"), url)
