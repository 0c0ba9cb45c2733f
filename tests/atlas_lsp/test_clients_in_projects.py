"""Real editors in a package: a virtual environment, a sibling, a buffer that is not saved."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.atlas_lsp.test_real_clients import (
    NEOVIMS,
    TYPED,
    command_of,
    environment,
    write_project,
)

pytestmark = [pytest.mark.docker, pytest.mark.slow]

PURSE = "class Coins(int):\n    def __repr__(self):\n        return f'Coins({int(self)})'\n"
MONEY = "def cents(price):\n    return round(100 * price)\n"
CART = '''\
"""A cart 🚀."""

from purse import Coins

from .money import cents


def half(price):
    """What each of two pays.

    >>> half(3)
    Coins(150)
    >>> half(1)
    Coins(50)
    """
    return Coins(cents(price) // 3)
'''
ON_DISK = "def half(price:\n"


def package_in(folder: Path) -> Path:
    """The file to open: what it needs is in the environment, beside it, and not on the disk."""
    write_project(folder)
    venv.create(folder / ".venv", with_pip=False)
    (site,) = (folder / ".venv").glob("lib/*/site-packages")
    (site / "purse.py").write_text(PURSE)
    info = site / "purse-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: purse\nVersion: 1.0\n")
    (info / "RECORD").write_text("purse.py,,\npurse-1.0.dist-info/METADATA,,\n")
    inner = folder / "src" / "shop"
    inner.mkdir(parents=True)
    for name, text in {"__init__": "", "money": MONEY, "cart": ON_DISK}.items():
        (inner / f"{name}.py").write_text(text, encoding="utf-8")
    return inner / "cart.py"


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
    file = package_in(project)
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
