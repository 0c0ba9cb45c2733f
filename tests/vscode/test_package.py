"""What is in the extension's manifest and in its package."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from atlas_lsp.settings import properties
from tests.vscode.browser import VSIX

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
CONTRIBUTES = MANIFEST["contributes"]
SETTINGS = CONTRIBUTES["configuration"]["properties"]
OWN = {"atlas.path", "atlas.trace.server"}
"""Settings that are the extension's and not the server's."""
ALLOWED = {
    "[Content_Types].xml",
    "extension.vsixmanifest",
    "extension/LICENSE.txt",
    "extension/dist/extension.js",
    "extension/media/docker.md",
    "extension/media/examples/first.py",
    "extension/media/icon.png",
    "extension/media/model.md",
    "extension/media/proof.md",
    "extension/media/server.md",
    "extension/package.json",
    "extension/readme.md",
}
LARGEST = 1_000_000
SECRETS = re.compile(
    rb"BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|ghp_\w{36}|npm_\w{36}|sourceMappingURL"
)


def test_the_settings_are_those_of_the_schema():
    """`node settings.mjs` writes them; `trusted` is VS Code's own to say."""
    wanted = {f"atlas.{name}": one for name, one in properties().items() if name != "trusted"}
    assert set(SETTINGS) == set(wanted) | OWN
    for name, one in wanted.items():
        shown = SETTINGS[name]
        assert shown["markdownDescription"] == one["description"]
        assert shown["default"] == one.get("defaultInVSCode", one["default"])
        for key in ("type", "enum", "scope", "minimum", "maximum", "exclusiveMinimum"):
            assert shown.get(key) == one.get(key), (name, key)


def test_what_chooses_programs_is_the_users_alone():
    machine = {name for name, one in SETTINGS.items() if one["scope"] == "machine"}
    assert machine >= {"atlas.path", "atlas.model", "atlas.sandbox", "atlas.idleUnload"}
    trust = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert machine <= set(trust["restrictedConfigurations"])


def test_every_command_named_is_one():
    known = {one["command"] for one in CONTRIBUTES["commands"]}
    menus = [
        one["command"] for rows in CONTRIBUTES["menus"].values() for one in rows if "command" in one
    ]
    keys = [one["command"] for one in CONTRIBUTES["keybindings"]]
    links = re.findall(r"command:([\w.]+)", json.dumps(CONTRIBUTES["walkthroughs"]))
    assert set(menus) | set(keys) | set(links) <= known


def test_every_command_is_registered_by_the_server_or_the_extension(tmp_path: Path):
    from atlas_lsp.server import create_server

    server = set(create_server(tmp_path).protocol.fm.commands)
    source = (FOLDER / "src" / "extension.ts").read_text(encoding="utf-8")
    own = set(re.findall(r'this\.register\("([\w.]+)"', source))
    assert {one["command"] for one in CONTRIBUTES["commands"]} <= server | own
    assert not server & own


def test_commands_wait_for_a_server_and_a_python_file():
    on_functions = [one for one in CONTRIBUTES["menus"]["commandPalette"]]
    assert all("atlas.running" in one["when"] for one in on_functions)


def package() -> Any:
    if not VSIX.exists():
        pytest.skip("no atlas.vsix; make test-vscode builds it")
    return zipfile.ZipFile(VSIX)


def test_the_package_holds_what_it_may_and_nothing_else():
    with package() as opened:
        assert set(opened.namelist()) == ALLOWED
    assert VSIX.stat().st_size <= LARGEST


def test_the_package_holds_no_secret_and_no_source_map():
    with package() as opened:
        for name in opened.namelist():
            assert not SECRETS.search(opened.read(name)), name


def test_every_machine_setting_is_sent_at_the_start_and_heard_when_it_changes():
    """They are in no answer for a folder, so one that the start forgets would do nothing."""
    machine = {name for name, one in SETTINGS.items() if one["scope"] == "machine"}
    heard = (FOLDER / "src" / "extension.ts").read_text(encoding="utf-8")
    assert all(f'"{name}"' in heard for name in machine)
    sent = (FOLDER / "src" / "client.ts").read_text(encoding="utf-8")
    names = {name.removeprefix("atlas.") for name in machine} - {"path"}
    assert all(f'"{name}"' in sent for name in names)
