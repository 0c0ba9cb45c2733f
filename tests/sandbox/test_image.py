"""The image is found by what goes into it, and the same input gives the same bytes."""

from __future__ import annotations

import asyncio
import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from sandbox import rootfs
from sandbox.admin import build
from sandbox.api import Call, Job, Observation, SandboxUnavailable
from sandbox.docker_sandbox import DockerSandbox
from sandbox.image import LOCAL_BASE, local_files, recipe, worker_files


def digest() -> str:
    return hashlib.sha256(rootfs.tar({**local_files((), None), **worker_files()})).hexdigest()


@pytest.mark.slow
def test_the_tar_of_local_files_is_the_same_twice():
    assert digest() == digest()


def test_the_tar_has_python_its_library_compiled_and_no_tests():
    data = rootfs.tar({**local_files((), None), **worker_files()})
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
        owners = {(m.uid, m.gid, m.mtime) for m in archive.getmembers()}
    assert "usr/local/bin/python3" in names
    assert "opt/atlas/sandbox/worker.py" in names
    assert any(name.endswith(".pyc") and "/json/" in name for name in names)
    assert not any("/idlelib/" in name or "/test/" in name for name in names)
    assert owners == {(0, 0, 0)}


def test_the_recipe_changes_with_all_that_goes_in():
    recipes = {
        *(recipe("a", ()), recipe("b", ()), recipe("a", ("x",)), recipe(LOCAL_BASE, ())),
        recipe(LOCAL_BASE, ("x",)),
    }
    assert len(recipes) == 5
    assert recipe("a", ("x", "y")) == recipe("a", ("y", "x"))


def test_a_folder_without_wheels_is_named(tmp_path):
    with pytest.raises(SandboxUnavailable, match="no wheels in"):
        rootfs.wheel_files(tmp_path)


@pytest.mark.docker
@pytest.mark.slow
def test_packages_come_from_a_wheel_folder(tmp_path):
    wheels = tmp_path / "wheels"
    make_wheel(wheels)
    image = build(from_local=True, packages=("tinytree",), wheels=wheels)
    seen = asyncio.run(answer(image.tag))
    subprocess.run(["docker", "rmi", "-f", image.tag], check=True, capture_output=True)
    assert seen.value == 42, seen


def make_wheel(folder: Path, version: str = "1") -> None:
    """A wheel by hand, so that no build tool is needed."""
    folder.mkdir()
    with zipfile.ZipFile(folder / f"tinytree-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinytree.py", "ANSWER = 42\n")
        wheel.writestr(f"tinytree-{version}.dist-info/METADATA", "Name: tinytree\n")


async def answer(tag: str) -> Observation:
    box = DockerSandbox(workers=1, image=tag)
    await box.start()
    try:
        code = "import tinytree\ndef f(): return tinytree.ANSWER\n"
        (seen,) = await box.run([Job(code=code, form=Call(entry="f"))])
        return seen
    finally:
        await box.aclose()


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def local() -> str:
    return build(from_local=True).tag


async def value_in(tag: str) -> object:
    box = DockerSandbox(workers=1, image=tag)
    await box.start()
    try:
        (seen,) = await box.run([Job(code="def f(): return 6 * 7", form=Call(entry="f"))])
    finally:
        await box.aclose()
    return seen.value


@pytest.mark.docker
@pytest.mark.parametrize("how", ["save", "export"])
def test_an_image_comes_from_a_tar_and_works(tmp_path: Path, local: str, how: str):
    path = tmp_path / "image.tar"
    if how == "save":
        docker("save", local, "-o", str(path))
    else:
        container = docker("create", local)
        docker("export", container, "-o", str(path))
        docker("rm", container)
    assert asyncio.run(value_in(build(from_tar=path).tag)) == 42


@pytest.mark.docker
def test_an_image_is_built_on_another_that_is_here(local: str):
    docker("tag", local, "atlas-test-base:1")
    try:
        assert asyncio.run(value_in(build(base="atlas-test-base:1").tag)) == 42
    finally:
        docker("rmi", "atlas-test-base:1")


@pytest.mark.docker
def test_a_base_that_nobody_has_is_named():
    with pytest.raises(SandboxUnavailable, match="atlas-nowhere:1"):
        build(base="atlas-nowhere:1")


@pytest.mark.docker
def test_a_file_that_is_no_tar_is_named(tmp_path: Path):
    path = tmp_path / "junk.tar"
    path.write_bytes(b"junk" * 1000)
    with pytest.raises(SandboxUnavailable, match=r"junk\.tar is no tar file"):
        build(from_tar=path)
