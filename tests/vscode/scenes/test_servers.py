"""Which server is started, whether it fits, and an engine that goes away under it."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.relay import relay
from tests.vscode.browser import QUIET, UNASKED, CodeServer, Window
from tests.vscode.scenes.conftest import Open
from tests.vscode.scenes.texts import HOPELESS, STUB

pytestmark = [pytest.mark.docker, pytest.mark.slow]

BIN = Path(sys.executable).parent
OTHER_VERSION = f"""#!{sys.executable}
import importlib.metadata as metadata, sys
real = metadata.version
metadata.version = lambda name: "9.1.0" if name == "atlas-lsp" else real(name)
from atlas_lsp.start import server
sys.exit(server())
"""
"""The real server, which says that it is another one."""
PYTHON = {
    "package.json": json.dumps(
        {
            "name": "python",
            "publisher": "ms-python",
            "version": "1.0.0",
            "engines": {"vscode": "^1.91.0"},
            "activationEvents": ["onLanguage:python"],
            "main": "./main.js",
        }
    ),
    "main.js": """\
const { Uri } = require("vscode");
const executable = { uri: Uri.file(process.env.CHOSEN_PYTHON) };
exports.activate = () => ({ environments: {
  getActiveEnvironmentPath: () => ({ path: process.env.CHOSEN_PYTHON }),
  resolveEnvironment: () => Promise.resolve({ executable }),
}});
""",
}
"""What of the Python extension's interface we use; the real one is in no registry here."""


def test_a_server_is_looked_for_where_the_readme_says_in_that_order(alone: Open, tmp_path: Path):
    """Each place has one; they are taken away in turn. The first is of another version."""
    named = tmp_path / "named" / "atlas-lsp"
    named.parent.mkdir()
    named.write_text(OTHER_VERSION)
    named.chmod(0o755)
    project, home = tmp_path / "project", tmp_path / "fresh" / "home"
    places = {
        "the Python environment": [
            tmp_path / "chosen" / "bin",
            tmp_path / "activated" / "bin",
            project / ".venv" / "bin",
        ],
        "pipx or uv tool": [home / ".local" / "bin"],
        "PATH": [tmp_path / "path"],
    }
    env = {
        "CHOSEN_PYTHON": str(tmp_path / "chosen" / "bin" / "python"),
        "VIRTUAL_ENV": str(tmp_path / "activated"),
        "PATH": f"{tmp_path / 'path'}:/usr/bin:/bin",
    }
    typed = {**UNASKED, "editor.autoClosingBrackets": "never"}
    server = CodeServer(
        folder=tmp_path / "fresh",
        settings={**typed, "atlas.path": str(named)},
        env=env,
        has_server=False,
    )
    # A login shell, which VS Code asks for the PATH, begins with that of the machine.
    (home / ".profile").write_text(f"export PATH={env['PATH']}\n")
    server.add_extension(packed(tmp_path / "python.vsix", PYTHON))
    for folder in (one for folders in places.values() for one in folders):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "atlas-lsp").symlink_to(BIN / "atlas-lsp")
    with server.running():
        one = alone({"a.py": STUB}, server)
        one.toast("this extension is 0.2.0, the server 9.1.0; update the older one")
        one.shot("other-version")
        until_started(one, named, "the setting atlas.path")
        one.command("Notifications: Clear All Notifications")
        unset_the_path(one, typed)
        for told, folders in places.items():
            for folder in folders:
                until_started(one, folder / "atlas-lsp", told)
                one.lens("Solve")
                (folder / "atlas-lsp").unlink()
                one.command("Atlas: Restart the Server")
        one.toast("is not installed")
        assert not one.page.get_by_text("update the older one").count()


def unset_the_path(one: Window, settings: dict[str, Any]) -> None:
    """By hand, in the settings' file: it is heard, and a server of another place is started."""
    one.command("Preferences: Open User Settings (JSON)")
    one.page.locator(".tab.active", has_text="settings.json").wait_for()
    one.page.locator(".view-line", has_text="atlas.path").first.click()
    one.page.keyboard.press("Control+a")
    one.page.keyboard.insert_text(json.dumps({**QUIET, **settings}))
    one.page.keyboard.press("Control+s")
    one.page.locator(".tab", has_text="a.py").first.click()


def until_started(one: Window, path: Path, told: str) -> None:
    """The last line of our log on a server names this one."""

    def last() -> str:
        texts = [log.read_text() for log in one.server.folder.rglob("Atlas.log")]
        found = [line for text in texts for line in text.splitlines() if "server Running" in line]
        return found[-1] if found else ""

    one.until(lambda: last().endswith(f"server Running ({path}, from {told})"), str(path))


def packed(vsix: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(vsix, "w") as made:
        for name, text in files.items():
            made.writestr(f"extension/{name}", text)
    return vsix


def test_a_lost_engine_is_named_and_the_next_job_is_done_when_it_is_back(
    alone: Open, tmp_path: Path
):
    with relay() as engine:
        env = {"DOCKER_HOST": engine.url}
        fresh = CodeServer(folder=tmp_path / "fresh", settings={**UNASKED, "atlas.k": 64}, env=env)
        with fresh.running() as server:
            one = alone({"a.py": HOPELESS, "b.py": STUB}, server)
            one.click(one.lens("Solve"))
            running = one.toast("Atlas: solve is_even")
            one.until(lambda: "generate: " in running.inner_text(), "candidates that run")
            engine.end()
            told = one.toast("the sandbox is gone: no Docker")
            one.shot("engine-lost")
            one.until(lambda: ":" not in one.status("Atlas").inner_text(), "the end of the job")
            engine.begin()
            one.button(told, "Again")
            one.button(one.toast("Atlas: solve is_even"), "Cancel")
            one.open("b.py")
            one.click(one.lens("Solve"))
            one.button(one.toast("verified"), "Apply")
            one.until(lambda: "return" in one.saved("b.py"), "the edit")
            assert (one.project / "a.py").read_text() == HOPELESS
