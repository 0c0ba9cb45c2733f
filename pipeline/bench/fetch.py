"""Brings the files of a known suite: over the network where there is one, or from a file.

What arrives is checked against the published sha256 of its content and kept gzipped or as it is.
A gate or a licence is said, never worked around.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.bench.hidden import paths_of
from pipeline.bench.records import DAMAGED_GZIP, TORN, BenchError
from pipeline.bench.suite import Remote, Source

CHUNK = 1 << 20


def fetch(source: Source, release: str = "", given: Path | None = None) -> tuple[Path, ...]:
    """The suite's files, those already here left alone; `given` is taken instead of the network.

    Raises BenchError: no network, a wrong sha256, a suite that nobody publishes as a file.
    """
    paths = paths_of(source, release)
    if given is not None:
        return (_keep(given, paths[0], _remote(source, paths[0])),)
    for path in paths:
        if not path.exists():
            remote = _remote(source, path)
            if remote is None:
                raise BenchError(f"{source.name} is not published as a file: {source.note}")
            with _download(remote.url, path) as torn:
                _keep(torn, path, remote)
    return paths


def _remote(source: Source, path: Path) -> Remote | None:
    return next((one for one in source.files if one.name == path.name), None)


def _keep(arrived: Path, path: Path, remote: Remote | None) -> Path:
    """Move what arrived into its place if it is what was published. Raises BenchError."""
    if arrived.is_dir() and remote is None:
        shutil.copytree(arrived, path.parent, dirs_exist_ok=True)
        return path.parent
    if not arrived.is_file():
        raise BenchError(f"{arrived} is no file; --from takes the suite's file")
    found = content_sha256(arrived)
    if remote and remote.sha256 and found != remote.sha256:
        raise BenchError(
            f"{arrived} has sha256 {found[:12]}, {remote.sha256[:12]} was published;"
            " nothing was kept"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.with_name(f"{TORN}kept-{path.name}")
    pack = path.name.endswith(".gz") and not _is_gzip(arrived)
    with arrived.open("rb") as source, (gzip.open if pack else open)(torn, "wb") as target:
        shutil.copyfileobj(source, target, CHUNK)
    torn.replace(path)
    return path


def content_sha256(path: Path) -> str:
    """Of what is in the file, unpacked where it is gzipped. Raises BenchError."""
    digest = hashlib.sha256()
    try:
        with (gzip.open if _is_gzip(path) else open)(path, "rb") as file:
            while block := file.read(CHUNK):
                digest.update(block)
    except DAMAGED_GZIP as exc:
        raise BenchError(f"{path} is a damaged gzip file: {exc}") from exc
    return digest.hexdigest()


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def _download(url: str, path: Path) -> Iterator[Path]:
    """The file under a torn name, gone afterwards. Raises BenchError."""
    import httpx

    path.parent.mkdir(parents=True, exist_ok=True)
    torn = path.with_name(f"{TORN}{path.name}")
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=60) as answer:
            answer.raise_for_status()
            with torn.open("wb") as file:
                for block in answer.iter_bytes(CHUNK):
                    file.write(block)
        yield torn
    except httpx.HTTPError as exc:
        why = str(exc).partition("\n")[0]
        raise BenchError(
            f"{url} cannot be fetched ({why}); bring the file and give it with --from"
        ) from exc
    finally:
        torn.unlink(missing_ok=True)
