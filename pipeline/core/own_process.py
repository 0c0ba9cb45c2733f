"""Another process of ours: it finds the same packages, whatever the working folder holds."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
"""The folder that holds `pipeline` and `sandbox`."""


def command(module: str, *words: str) -> list[str]:
    """To run a module of ours; with the environment of `environ`."""
    return [sys.executable, "-P", "-m", module, *words]


def environ() -> dict[str, str]:
    """This process's own, with our packages found before others of their names."""
    folders = [str(HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
