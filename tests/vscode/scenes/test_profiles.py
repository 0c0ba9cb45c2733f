"""What begins with a clean profile: trust, and whatever is not there or goes away."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.vscode.browser import STATUS, UNASKED, VSIX, CodeServer, Window
from tests.vscode.scenes.conftest import Open, tell
from tests.vscode.scenes.texts import STUB, verified

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_four_clicks_from_the_vsix_to_the_first_verified_edit(alone: Open, tmp_path: Path):
    """Beginning at the dialog of *Install from VSIX*; nothing is typed."""
    fresh = CodeServer(folder=tmp_path / "fresh", settings=UNASKED, has_extension=False)
    shutil.copy(VSIX, fresh.home)
    with fresh.running() as server:
        one = alone({"a.py": STUB}, server, show=False)
        one.command("Extensions: Install from VSIX...")
        began = time.monotonic()
        one.click(one.page.locator(".quick-input-list .monaco-list-row", has_text=VSIX.name))
        one.click(one.page.locator(".explorer-folders-view .monaco-list-row", has_text="a.py"))
        one.click(one.lens("Solve"))
        one.button(one.toast("verified"), "Apply")
        one.page.locator(".view-line", has_text="return").wait_for()
        tell(f"Install from VSIX to the edit: {one.n_clicks} clicks, {took(began)}")
        assert one.n_clicks <= 4
        one.until(lambda: verified(one.saved("a.py")), "the edit")


def test_four_clicks_where_the_folder_is_new(alone: Open, tmp_path: Path):
    """With the extension there: trust, open, Solve, Apply."""
    with CodeServer(folder=tmp_path / "fresh", settings={}).running() as server:
        began = time.monotonic()
        one = alone({"a.py": STUB}, server, show=False)
        n_for_trust = answer_trust(one, yes=True)
        one.click(one.page.locator(".explorer-folders-view .monaco-list-row", has_text="a.py"))
        one.click(one.lens("Solve"))
        one.button(one.toast("verified"), "Apply")
        one.page.locator(".view-line", has_text="return").wait_for()
        tell(f"trust to the edit: {one.n_clicks} clicks, {took(began)}")
        # Newer versions open the folder restricted, and trust is granted on a page: not ours.
        assert one.n_clicks - n_for_trust <= 3
        one.until(lambda: verified(one.saved("a.py")), "the edit")


def answer_trust(one: Window, *, yes: bool) -> int:
    """1.96 asks in a dialog, 1.139 opens the folder restricted; how many clicks that took."""
    dialog = one.page.locator(".monaco-dialog-box .monaco-button")
    restricted = one.page.locator(".statusbar-item", has_text="Restricted Mode")
    one.until(lambda: dialog.count() or restricted.count(), "a question of trust")
    before = one.n_clicks
    if dialog.count():
        one.click(dialog.filter(has_text="Yes, I trust" if yes else "don't trust"))
    elif yes:
        one.click(restricted)
        one.click(
            one.page.locator(".workspace-trust-editor .monaco-button", has_text="Trust").first
        )
    return one.n_clicks - before


def took(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s at load {os.getloadavg()[0]:.0f}"


HOSTILE = {
    "atlas.trusted": True,
    "atlas.sandbox": "unsafe-local",
    "atlas.model": "evil.gguf",
    "atlas.path": "./evil.sh",
    "atlas.apply": "auto",
}


def test_a_hostile_folder_runs_nothing_in_restricted_mode(alone: Open, tmp_path: Path):
    evil = f"#!/bin/sh\ntouch {tmp_path}/pwned\n"
    broken = STUB + f"    open('{tmp_path}/pwned', 'w')\n    return 3\n"
    files = {
        "a.py": broken,
        ".vscode/settings.json": json.dumps(HOSTILE),
        "evil.sh": evil,
        ".venv/bin/atlas-lsp": evil,
    }
    with CodeServer(folder=tmp_path / "fresh", settings={}).running() as server:
        one = alone(files, server, show=False)
        for name in ("evil.sh", ".venv/bin/atlas-lsp"):
            (one.project / name).chmod(0o755)
        answer_trust(one, yes=False)
        one.open("a.py")
        one.page.locator(f"{STATUS} .codicon-shield").wait_for()
        one.saved("a.py")
        one.go_to(1, 6)
        titles = one.actions()
        one.shot("restricted")
        assert not one.lenses
        assert any("nothing is run until you trust this folder" in title for title in titles)
        assert not any("solve" in title for title in titles)
        one.page.keyboard.press("Escape")
        one.command("Atlas: Solve this Function")
        one.toast("not trusted")
        assert not (tmp_path / "pwned").exists()
        assert not server.evidence


def test_trust_given_later_starts_the_work(alone: Open, tmp_path: Path):
    """The folder is trusted, and yet its word on model and sandbox counts for nothing."""
    files = {"a.py": STUB, ".vscode/settings.json": json.dumps(HOSTILE)}
    with CodeServer(folder=tmp_path / "fresh", settings={}).running() as server:
        one = alone(files, server, show=False)
        answer_trust(one, yes=False)
        one.open("a.py")
        one.page.locator(f"{STATUS} .codicon-shield").wait_for()
        one.command("Workspaces: Manage Workspace Trust")
        one.page.locator(".workspace-trust-editor .monaco-button", has_text="Trust").first.click()
        one.page.get_by_text("You trust this folder").wait_for()
        one.shot("trusted")
        one.page.locator(".tab", has_text="a.py").first.click()
        one.click(one.lens("Solve"))
        one.button(one.toast("verified"), "Apply")
        one.until(lambda: "return" in one.saved("a.py"), "the edit")
        (path,) = server.evidence
        evidence = json.loads(path.read_text())
        assert evidence["model"]["name"] == "atlas-nano"
        assert evidence["sandbox"]["kind"] == "docker"


def test_what_is_missing_is_named_with_its_mend(alone: Open, tmp_path: Path):
    """No engine answers, and the model is not there."""
    settings = {**UNASKED, "atlas.model": "/nowhere/m.gguf"}
    env = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    server = CodeServer(folder=tmp_path / "fresh", settings=settings, env=env)
    with server.running():
        one = alone({"a.py": STUB}, server)
        one.click(one.lens("Solve"))
        one.toast("is_even: no ")
        one.command("Atlas: Doctor: Say what is Missing")
        one.toast("model:")
        one.toast("engine:")
        one.status("Atlas: model")
        one.shot("doctor")


def test_a_missing_server_is_told_with_the_command(alone: Open, tmp_path: Path):
    fresh = CodeServer(folder=tmp_path / "fresh", settings=UNASKED, has_server=False)
    with fresh.running() as server:
        one = alone({"a.py": STUB}, server)
        told = one.toast("is not installed")
        one.shot("not-installed")
        one.button(told, "Copy Install Command")
        one.toast("pipx install atlas-lsp")
