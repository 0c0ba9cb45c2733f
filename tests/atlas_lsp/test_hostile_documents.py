"""Whatever a client or a workspace names is a regular file of a sane size, or one line."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from atlas_lsp.documents import MAX_CHARS
from pipeline.storage.foreign import MOST_BYTES
from tests.atlas_lsp.stdio import Client

EASY = "def twice(n):\n    '''Twice n.'''\n"


def zeros(folder: Path) -> Path:
    return Path("/dev/zero")


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.py")
    return folder / "pipe.py"


def directory(folder: Path) -> Path:
    (folder / "folder.py").mkdir()
    return folder / "folder.py"


def large(folder: Path) -> Path:
    path = folder / "large.py"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    return path


def long(folder: Path) -> Path:
    path = folder / "long.py"
    path.write_text("x = 1\n" * (MAX_CHARS // 6 + 1))
    return path


def binary(folder: Path) -> Path:
    path = folder / "binary.py"
    path.write_bytes(bytes(range(256)))
    return path


def missing(folder: Path) -> Path:
    return folder / "missing.py"


FILES = {
    zeros: "no regular file",
    pipe: "no regular file",
    directory: "no regular file",
    large: "larger than",
    long: "characters",
    binary: "is not utf-8",
    missing: "No such file",
}


@pytest.mark.parametrize("made", FILES, ids=lambda made: made.__name__)
def test_a_strange_file_is_one_line_and_the_server_goes_on(tmp_path: Path, made: object):
    assert callable(made)
    uri = made(tmp_path).as_uri()
    where = {"textDocument": {"uri": uri}}
    spot = {"line": 0, "character": 0}
    context = {"diagnostics": [], "triggerKind": 1}
    with Client(tmp_path / "cache") as client:
        client.start()
        asked = {**where, "range": {"start": spot, "end": spot}, "context": context}
        assert client.ask("textDocument/codeAction", asked)["result"] in ([], None)
        assert client.ask("textDocument/codeLens", where)["result"] in ([], None)
        assert client.ask("textDocument/hover", {**where, "position": spot})["result"] is None
        client.command("atlas.check", uri)
        assert "jobId" in client.command("atlas.solve", uri, "f")
        deadline = time.monotonic() + 60
        while not (said := told(client)):
            client.receive(deadline)
        assert FILES[made] in said[0]  # type: ignore[index]
        assert "\n" not in said[0]
        assert client.command("atlas.jobs") == []
        assert client.stop() == 0


def told(client: Client) -> list[str]:
    shown = [one for one in client.others if one["method"] == "window/showMessage"]
    return [one["params"]["message"] for one in shown if "cannot be run" not in str(one)]


@pytest.mark.parametrize(
    "text",
    [
        'def f():\n    """' + "x" * 10_000_000 + '"""\n',
        "".join(f"def f{n}():\n    return {n}\n" for n in range(60_000)),
        "x = " + "-" * 100_000 + "1\n",
    ],
    ids=["docstring", "functions", "signs"],
)
def test_a_very_large_buffer_is_not_parsed(tmp_path: Path, text: str):
    uri = (tmp_path / "m.py").as_uri()
    with Client(tmp_path / "cache") as client:
        client.start()
        client.open(uri, text)
        where = {"textDocument": {"uri": uri}}
        assert client.ask("textDocument/codeLens", where)["result"] in ([], None)
        client.open((tmp_path / "n.py").as_uri(), EASY)
        assert client.stop() == 0
