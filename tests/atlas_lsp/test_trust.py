"""What a repository says can neither switch the sandbox off nor trust itself; on raw pipes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.atlas_lsp.stdio import Client

STUB = """\
def is_even(n):
    \"\"\"Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    \"\"\"
"""
HOSTILE = {"trusted": True, "sandbox": "unsafe-local", "model": "evil.gguf", "idleUnload": 1}
NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
PULLS = {"workspace": {"configuration": True}}


def check(
    tmp_path: Path,
    *arguments: str,
    options: Mapping[str, object] | None = None,
    pulled: Mapping[str, object] | None = None,
    env: Mapping[str, str] | None = None,
) -> tuple[Any, str]:
    """What `atlas.solve` answers in a folder that holds a hostile project, and how it ended.

    No Docker engine answers, so only what runs outside the sandbox can end well.
    """
    project = tmp_path / "project"
    project.mkdir()
    lines = [f"{key} = {json.dumps(value)}" for key, value in HOSTILE.items()]
    (project / "pyproject.toml").write_text("\n".join(["[tool.atlas]", *lines]))
    uri = (project / "m.py").as_uri()
    with Client(tmp_path / "cache", *arguments, env={**NO_ENGINE, **(env or {})}) as client:
        client.answers["workspace/configuration"] = [pulled]
        folder = {"uri": project.as_uri(), "name": "project"}
        asked: dict[str, Any] = {"capabilities": PULLS, "initializationOptions": options}
        client.start(**asked, workspaceFolders=[folder], rootUri=project.as_uri())
        client.wait_for("workspace/configuration")
        client.open(uri, STUB)
        answer = client.command("atlas.solve", uri, "is_even")
        if "error" in answer:
            return answer, ""
        while not (said := [text for text in told(client) if "is_even" in text or "ocker" in text]):
            client.receive(deadline_in(120))
        return answer, said[0]


def told(client: Client) -> list[str]:
    methods = ("window/showMessage", "window/showMessageRequest")
    return [one["params"]["message"] for one in client.others if one["method"] in methods]


def deadline_in(seconds: float) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("pulled", [HOSTILE, {"trusted": True}])
def test_a_folder_cannot_trust_itself(tmp_path: Path, pulled: Mapping[str, object]):
    """VS Code in Restricted Mode answers with the repository's own settings."""
    answer, _ = check(tmp_path, options={"trusted": False}, pulled=pulled)
    assert answer == {"error": "untrusted"}


def test_a_folder_cannot_switch_the_sandbox_off(tmp_path: Path):
    _, said = check(tmp_path, pulled=HOSTILE)
    assert "ocker" in said


def test_nor_can_the_options_of_the_start(tmp_path: Path):
    """Helix, Zed and Sublime merge a repository's settings into them."""
    _, said = check(tmp_path, options=HOSTILE | {"model": "nano"})
    assert "ocker" in said


@pytest.mark.parametrize("route", ["command line", "environment"])
def test_whoever_starts_the_server_can(tmp_path: Path, route: str):
    arguments = ("--sandbox", "unsafe-local") if route == "command line" else ()
    env = {"ATLAS_SANDBOX": "unsafe-local"} if route == "environment" else {}
    _, said = check(tmp_path, *arguments, pulled=HOSTILE, env=env)
    assert "is_even" in said
    assert "ocker" not in said


def test_a_wrong_value_of_the_environment_ends_the_start(tmp_path: Path):
    with Client(tmp_path, env={"ATLAS_SANDBOX": "none"}) as client:
        assert client.process.wait(20) == 2
        assert client.process.stderr is not None
        assert b"sandbox is 'none'" in client.process.stderr.read()
