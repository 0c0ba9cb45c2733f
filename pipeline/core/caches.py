"""Where things are kept that can be had again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's: ATLAS_CACHE, else XDG_CACHE_HOME/atlas, else ~/.cache/atlas."""
    if own := os.environ.get("ATLAS_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atlas"
