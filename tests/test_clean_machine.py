"""A stranger's first minutes, on a machine that has Python and nothing else of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.wiring import NANO

ROOT = Path(__file__).parents[1]


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
