"""Where things are kept is what the system says, on every system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ASK = (
    "from pipeline.storage.caches import cache_folder\n"
    "from pipeline.lens.record import lens_folder\n"
    "from pipeline.models.registry import default_folder\n"
    "print(cache_folder(), default_folder(), lens_folder(), sep='\\n')"
)


def asked(home: Path, **env: str) -> list[Path]:
    """The folders for caches, models and lenses, relative to the home folder."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={"HOME": str(home), **env},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [Path(line).relative_to(home) for line in done.stdout.splitlines()]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_variables_of_the_desktop_count_and_ours_goes_first(tmp_path: Path) -> None:
    data_folders = (".local/share/atlas/models", ".local/share/atlas/lenses")
    usual = asked(tmp_path)
    assert usual == [Path(".cache/atlas"), *map(Path, data_folders)]
    cache, data = str(tmp_path / "c"), str(tmp_path / "d")
    named = asked(tmp_path, XDG_CACHE_HOME=cache, XDG_DATA_HOME=data)
    assert named == [Path("c/atlas"), Path("d/atlas/models"), Path("d/atlas/lenses")]
    ours = asked(tmp_path, XDG_CACHE_HOME=cache, ATLAS_CACHE=str(tmp_path / "own"))
    assert ours[0] == Path("own")
