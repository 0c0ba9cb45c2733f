"""Where things are kept that can be had again."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """ATLAS_CACHE, else what the system has for this (XDG_CACHE_HOME/atlas or ~/.cache/atlas)."""
    return Path(os.environ.get("ATLAS_CACHE") or user_cache_path("atlas", appauthor=False))
