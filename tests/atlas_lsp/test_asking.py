"""A question is answered by somebody who read it, never by what is typed; on raw pipes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from atlas_lsp.client import Client as View
from atlas_lsp.client import client_of
from tests.atlas_lsp.stdio import Client
from tests.atlas_lsp.test_trust import STUB

CAN = {
    "window": {"showMessage": {}},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
}
OURS = {"asksBesideTheText": True, "refusesStaleEdits": True}
SAID, ASKED = "window/showMessage", "window/showMessageRequest"


def check(
    tmp_path: Path,
    name: str,
    *,
    experimental: Mapping[str, object] | None = None,
    options: Mapping[str, object] | None = None,
) -> str:
    """How the server comes back with a verified solution: the method of its message."""
    uri = (tmp_path / "m.py").as_uri()
    with Client(tmp_path / "cache", "--sandbox", "unsafe-local") as client:
        capabilities: dict[str, Any] = CAN | {"experimental": experimental}
        client.start(
            capabilities=capabilities,
            clientInfo={"name": name, "version": "1"},
            initializationOptions={"timeout": 600, **(options or {})},
        )
        client.open(uri, STUB)
        assert client.command("atlas.solve", uri, "is_even")["jobId"]
        while not (told := [one for one in client.others if "is_even: " in message_of(one)]):
            client.receive(time.monotonic() + 120)
        assert "verified" in message_of(told[0])
        method: str = told[0]["method"]
        return method


def message_of(one: Mapping[str, Any]) -> str:
    return str(one["params"].get("message", "")).replace("`", "") if one.get("params") else ""


@pytest.mark.parametrize("name", ["Neovim", "Emacs", "Helix", "an editor that nobody knows"])
def test_a_client_whose_questions_may_be_modal_is_not_asked(tmp_path: Path, name: str):
    assert check(tmp_path, name) == SAID


@pytest.mark.parametrize("name", ["Visual Studio Code", "code-server"])
def test_a_plugin_of_ours_says_how_it_asks(tmp_path: Path, name: str):
    """The name of a fork is no list's to know."""
    assert check(tmp_path, name, experimental={"atlas": OURS}) == ASKED


def test_a_repository_cannot_say_it(tmp_path: Path):
    """Its settings reach the options of the start, never the capabilities."""
    assert check(tmp_path, "Neovim", options={"atlas": OURS, **OURS}) == SAID


@pytest.mark.parametrize("said", [None, [], {"atlas": 1}, {"atlas": {"asksBesideTheText": "yes"}}])
def test_what_is_said_badly_is_not_said(said: object):
    assert not view(experimental=said).manners.asks_beside_the_text


def view(experimental: object) -> View:
    from lsprotocol import types

    capabilities = types.ClientCapabilities(experimental=experimental)  # type: ignore[arg-type]
    return client_of(types.InitializeParams(capabilities=capabilities))


def test_an_empty_table_of_lua_is_no_complaint(tmp_path: Path):
    """`init_options = {}` is an empty list on the wire."""
    with Client(tmp_path) as client:
        client.start(initializationOptions=[])
        client.stop()
        assert not [one for one in client.others if one["method"] == SAID]


def test_ghost_text_is_registered_where_the_client_has_it(tmp_path: Path):
    """pygls does not advertise it; `ghostText` still says whether any comes."""
    with Client(tmp_path) as client:
        ghosts = {"textDocument": {"inlineCompletion": {"dynamicRegistration": True}}}
        client.start(capabilities=ghosts)
        asked = client.wait_for("client/registerCapability")["params"]["registrations"]
        assert [one["method"] for one in asked] == ["textDocument/inlineCompletion"]
        client.stop()
