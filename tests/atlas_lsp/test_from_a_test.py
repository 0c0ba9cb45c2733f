"""From inside a test function: the server finds what it tests and repairs that, where it lives."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.atlas_lsp.stdio import Client

TALLY = Path(__file__).parents[1] / "projects" / "tally"
SHORTEN_LINE = 7
"""Of `test_shorten` in tests/test_words.py, from 0."""


@pytest.fixture
def tally(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TALLY, tmp_path / "tally"))


def started(tmp_path: Path) -> Client:
    client = Client(tmp_path / "cache", env={"VIRTUAL_ENV": sys.prefix})
    capabilities = {"window": {"showDocument": {"support": True}}}
    options = {"apply": "offer", "trusted": True, "timeout": 300}
    client.start(capabilities=capabilities, initializationOptions=options)
    client.answers["window/showDocument"] = {"success": True}
    return client


def actions(client: Client, uri: str, line: int) -> list[dict[str, Any]]:
    place = {"line": line, "character": 4}
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": [], "triggerKind": 1},
    }
    found: list[dict[str, Any]] = client.ask("textDocument/codeAction", params)["result"]
    return found


def opened(client: Client, path: Path) -> str:
    client.open(path.as_uri(), path.read_text())
    return path.as_uri()


def test_a_test_offers_the_repair_of_what_it_tests(tmp_path: Path, tally: Path) -> None:
    with started(tmp_path) as client:
        test = opened(client, tally / "tests/test_words.py")
        titles = [one["title"] for one in actions(client, test, SHORTEN_LINE)]
        assert titles == ["Atlas: repair what `test_shorten` tests"]
        source = opened(client, tally / "src/tally/words.py")
        assert not any("tests`" in one["title"] for one in actions(client, source, 3))
        assert client.stop() == 0


@pytest.mark.docker
@pytest.mark.slow
def test_what_a_failing_test_tests_is_repaired_in_its_own_file(tmp_path: Path, tally: Path) -> None:
    """Tests of the report enter it too, and fail for what another function does."""
    with started(tmp_path) as client:
        test = opened(client, tally / "tests/test_words.py")
        (action,) = actions(client, test, SHORTEN_LINE)
        client.command(action["command"]["command"], *action["command"]["arguments"])
        source = (tally / "src/tally/words.py").as_uri()
        client.wait_for("window/showDocument", within_s=300, uri=source)
        opened(client, tally / "src/tally/words.py")
        said = "atlas: `test_shorten` speaks most against `shorten` in words.py"
        client.wait_for("window/showMessage", message=f"{said}, which is repaired now")
        said = said_of(client, "shorten")
        assert said.startswith("atlas: shorten: verified, 3/3 examples"), said
        edits = [one for one in actions(client, source, 8) if "edit" in one]
        assert "[: n - 2]" not in str(edits[0]["edit"])
        assert client.stop() == 0


@pytest.mark.docker
@pytest.mark.slow
def test_a_test_that_passes_has_nothing_to_repair(tmp_path: Path, tally: Path) -> None:
    with started(tmp_path) as client:
        test = opened(client, tally / "tests/test_words.py")
        client.command("atlas.repairTested", test, "test_initials")
        said = "atlas: tests/test_words.py::test_initials passes, so there is nothing to repair"
        client.wait_for("window/showMessage", within_s=300, message=said)
        assert client.stop() == 0


def said_of(client: Client, name: str) -> str:
    """What the server says when the job on the function has ended."""
    deadline = time.monotonic() + 600
    while True:
        for one in client.others:
            text = str((one["params"] or {}).get("message", ""))
            if one["method"] == "window/showMessage" and text.startswith(f"atlas: {name}: "):
                return text
        client.receive(deadline)
