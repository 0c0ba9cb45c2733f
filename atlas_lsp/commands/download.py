"""Fetching a model with its progress: a bar with rate and remaining time, in a pipe lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import HEARTBEAT_S, note

if TYPE_CHECKING:
    from pipeline.models.registry import KnownModel

OnProgress = Callable[[int, int | None], None]


def downloaded(what: str, known: KnownModel | None, sha256: str | None = None) -> Path:
    """The file of a known name or OWNER/REPO:FILE, fetched unless a whole one is there.

    Raises ModelError.
    """
    from pipeline.models.api import ModelBroken
    from pipeline.models.digest import file_sha256
    from pipeline.models.gguf_file import read_gguf
    from pipeline.models.registry import add_model, installed_path, remove_model

    name = known.name if known else what
    wanted = sha256 or (known.sha256 if known else None)
    if (path := installed_path(name)) is not None:
        try:
            read_gguf(path)
            if wanted in (None, file_sha256(path)):
                return path
            note(f"{path} has another sha256 than was meant: fetched again")
        except ModelBroken as exc:
            note(f"{exc}: fetched again")
        remove_model(name)
    with bar(what) as on_progress:
        return add_model(what, on_progress=on_progress)


@contextmanager
def bar(what: str, every_s: float = HEARTBEAT_S) -> Iterator[OnProgress]:
    if not sys.stderr.isatty():
        yield _lines(what, every_s)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        *(BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _lines(what: str, every_s: float) -> OnProgress:
    began = last = time.monotonic()
    first: int | None = None

    def on_progress(done: int, total: int | None) -> None:
        nonlocal last, first
        first = done if first is None else first
        now = time.monotonic()
        if now - last < every_s and done != total:
            return
        last = now
        rate = (done - first) / max(now - began, 1e-6)
        of = f" of {total / 1e6:.0f}" if total else ""
        left = f", {(total - done) / rate:.0f} s left" if total and rate else ""
        note(f"{what}: {done / 1e6:.0f}{of} MB, {rate / 1e6:.1f} MB/s{left}")

    return on_progress
