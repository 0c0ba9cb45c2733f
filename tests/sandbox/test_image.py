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
from sandbox.api import Call, Job, SandboxUnavailable
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
    value = asyncio.run(answer(image.tag))
    subprocess.run(["docker", "rmi", "-f", image.tag], check=True, capture_output=True)
    assert value == 42


def make_wheel(folder: Path) -> None:
    """A wheel by hand, so that no build tool is needed."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "tinytree-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinytree.py", "ANSWER = 42\n")
        wheel.writestr("tinytree-1.dist-info/METADATA", "Name: tinytree\nVersion: 1\n")


async def answer(tag: str) -> object:
    box = DockerSandbox(workers=1, image=tag)
    await box.start()
    try:
        code = "import tinytree\ndef f(): return tinytree.ANSWER\n"
        (seen,) = await box.run([Job(code=code, form=Call(entry="f"))])
        return seen.value
    finally:
        await box.aclose()
