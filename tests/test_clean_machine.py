"""A stranger's first minutes, on a machine that has Python and nothing else of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.wiring import NANO

ROOT = Path(__file__).parents[1]


@pytest.fixture
def wheels(wheel: Path, tmp_path: Path) -> Path:
    """Ours and those of all that it needs, in the versions that are installed here."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "-w", str(tmp_path / "wheels")]
    done = subprocess.run([*command, str(wheel)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the wheels of what we need cannot be had: {done.stderr.strip()[-200:]}")
    return tmp_path / "wheels"


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can enter another root folder")
def test_from_nothing_to_a_repair(wheels: Path):
    subprocess.run(
        [sys.executable, "-m", "atlas_lsp.cli", "sandbox", "build"], cwd=ROOT, check=True
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.clean_machine", str(wheels), str(NANO)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("done")
    assert "with_tax: verified" in done.stdout
    assert "| shop/prices.py: written" in done.stdout
    steps = [line for line in done.stdout.splitlines() if " s  " in line and "|" not in line]
    assert len(steps) == 8
