"""Real editors in a package: a virtual environment, a sibling, a buffer that is not saved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.atlas_lsp.test_real_clients import (
    NEOVIMS,
    TYPED,
    command_of,
    environment,
)
from tests.package import CART, TESTED, add_tests, package_in

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ON_DISK = "def half(price:\n"


def played(client: str, scene: str, file: Path, unsaved: str, folder: Path) -> str:
    """The buffer at the end; the file was opened as it is on the disk, then made `unsaved`."""
    out, buffer = folder / "out.py", folder / "unsaved.py"
    buffer.write_text(unsaved, encoding="utf-8")
    done = subprocess.run(
        command_of(client, file, out, scene),
        env={**environment(file, out, scene), "ATLAS_UNSAVED": str(buffer)},
        cwd=file.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout.decode()}\n{done.stderr.decode()}"
    return out.read_text(encoding="utf-8")


@pytest.mark.parametrize("client", ["node", *NEOVIMS])
def test_a_function_is_repaired_where_it_lives(client: str, tmp_path: Path):
    project = tmp_path / "project"
    project.mkdir()
    file = package_in(project, ON_DISK)
    text = played(client, "repair", file, CART, tmp_path)
    (path,) = (tmp_path / "cache").rglob("evidence.json")
    evidence = json.loads(path.read_text(encoding="utf-8"))
    assert evidence["status"] == "verified"
    assert text == TYPED + CART.replace("// 3", "// 2")
    assert file.read_text() == ON_DISK
    (ran,) = [line for line in evidence["evidence"] if line.startswith("run as ")]
    assert "run as shop.cart in " in ran
    assert "1 distribution" in ran
    assert not list(project.rglob("*.pyc")), "nothing of the project ran outside of the sandbox"
    assert sys.prefix not in ran


@pytest.mark.parametrize("client", ["node", *NEOVIMS])
def test_a_failing_test_of_the_project_is_where_a_repair_begins(client: str, tmp_path: Path):
    project = tmp_path / "project"
    project.mkdir()
    file = package_in(project, TESTED)
    add_tests(project)
    text = played(client, "tested", file, TESTED, tmp_path)
    (path,) = (tmp_path / "cache").rglob("evidence.json")
    evidence = json.loads(path.read_text(encoding="utf-8"))
    assert evidence["status"] == "verified"
    assert evidence["tests"]["visible"] == {"passed": 5, "total": 5}
    assert text == TYPED + TESTED.replace("// 3", "// 2")
    assert file.read_text() == TESTED
