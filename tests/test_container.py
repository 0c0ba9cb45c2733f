"""The image of `container/`: it is built, looks at itself, and repairs a project beside it.

It needs the base image of the recipe, here or from a registry, and an index of packages.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "container" / "Dockerfile"
IMAGE, HOME = "atlas:tested", "atlas-tested"
WRONG = '''\
from tinytree import halves


def middle(items):
    """The place of the middle.

    >>> middle([1, 2, 3, 4])
    2
    >>> middle([])
    0
    >>> middle([1, 2, 3])
    1
    """
    return halves(len(items) + 1)
'''
INSTALL = """
python -m venv --without-pip .venv
cd .venv/lib/python3.*/site-packages
mkdir tinytree tinytree-1.0.dist-info
echo 'def halves(n): return n // 2' > tinytree/__init__.py
printf 'Metadata-Version: 2.1\\nName: tinytree\\nVersion: 1.0\\n' > tinytree-1.0.dist-info/METADATA
echo 'tinytree/__init__.py,,' > tinytree-1.0.dist-info/RECORD
"""


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False)


def bases() -> list[str]:
    """What the recipe begins from."""
    text = RECIPE.read_text()
    (python,) = re.findall(r"^ARG PYTHON=(\S+)", text, re.MULTILINE)
    found = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    return [name.replace("${PYTHON}", python) for name in found]


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    for base in bases():
        if docker("image", "inspect", base).returncode != 0:
            pulled = docker("pull", "-q", base)
            if pulled.returncode != 0:
                pytest.skip(f"no base image {base}: {pulled.stderr.strip()[-200:]}")
    # The host's network: an engine need not have one of its own.
    words = ("--network", "host", "-f", str(RECIPE), "-t", IMAGE, str(ROOT))
    built = docker("build", *words)
    assert built.returncode == 0, (built.stdout + built.stderr)[-3000:]
    yield IMAGE
    docker("rmi", "-f", IMAGE)
    docker("volume", "rm", HOME)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    socket = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    shared = (f"{folder}:/work", f"{HOME}:/root", f"{socket}:/var/run/docker.sock")
    mounts = [word for one in shared for word in ("-v", one)]
    return docker("run", "--rm", "--network", "host", *mounts, *words)


@pytest.mark.docker
@pytest.mark.slow
def test_the_image_repairs_a_project_with_packages_on_the_engine_beside_it(
    image: str, tmp_path: Path
):
    looked = run(tmp_path, image, "doctor")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    assert "self-test: every promise was kept" in looked.stdout
    (tmp_path / "tree.py").write_text(WRONG)
    made = run(tmp_path, "--entrypoint", "sh", image, "-ec", INSTALL)
    assert made.returncode == 0, made.stderr
    # With the host's network it has the host's name too; its files are still others.
    done = run(tmp_path, image, "repair", "tree.py::middle", "--json", "--apply")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["status"] == "verified"
    assert "len(items) + 1" not in (tmp_path / "tree.py").read_text()


def test_the_devcontainer_runs_a_command_that_is_there():
    described = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    program, target = described["postCreateCommand"].split()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert program == "make"
    assert target in targets
    (feature,) = described["features"]
    assert "docker-in-docker" in feature
