"""VS Code in a browser: code-server with our vsix, and somebody who clicks and types."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BUILT = Path(os.environ.get("ATLAS_VSCODE", ROOT / "build" / "vscode"))
VSIX = ROOT / "editors" / "vscode" / "atlas.vsix"
SHOTS = Path(os.environ.get("ATLAS_SHOTS", ROOT / "build" / "vscode-shots"))
ENTRY = BUILT / "node_modules" / "code-server" / "out" / "node" / "entry.js"
PATIENCE_MS = int(os.environ.get("ATLAS_PATIENCE_MS", "120000"))
QUIET = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "editor.minimap.enabled": False,
    "window.menuBarVisibility": "classic",
    # In 1.139 it takes the room that a diff of two sides needs.
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    # What is slow here is the machine: no job may end for it.
    "atlas.timeout": 600,
}
STATUS = "#atlas-lsp\\.atlas-lsp\\.atlas\\.status"
"""Our item in the status bar."""
UNASKED = {"security.workspace.trust.enabled": False}


def missing() -> str:
    """Why the tests cannot run here, or empty."""
    for program in ("node", "chromium"):
        if not shutil.which(program):
            return f"{program} is not installed; apt-get install nodejs chromium"
    if not ENTRY.exists():
        return "no code-server; make test-vscode installs it"
    if not VSIX.exists():
        return "no atlas.vsix; make test-vscode builds it"
    return ""


@dataclass
class CodeServer:
    """One VS Code with a clean profile, on loopback."""

    folder: Path
    settings: Mapping[str, Any]
    env: Mapping[str, str] = field(default_factory=dict)
    has_server: bool = True
    """`atlas-lsp` is installed as pipx would do it."""
    has_extension: bool = True
    port: int = 0

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        (self.folder / "User").mkdir(parents=True)
        local = self.home / ".local" / "bin"
        local.mkdir(parents=True)
        if self.has_server:
            (local / "atlas-lsp").symlink_to(Path(sys.executable).parent / "atlas-lsp")
        self.write_settings({**QUIET, **self.settings})

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        (self.folder / "User" / "settings.json").write_text(json.dumps(settings))

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def command(self, *more: str) -> list[str]:
        given = {
            "--config": self.folder / "config.yaml",
            "--user-data-dir": self.folder,
            "--extensions-dir": self.folder / "extensions",
        }
        flags = [str(part) for pair in given.items() for part in pair]
        off = ["--disable-telemetry", "--disable-update-check"]
        node = os.environ.get("ATLAS_NODE", "node")
        return [node, str(ENTRY), *flags, *off, *more]

    @property
    def environ(self) -> dict[str, str]:
        own = {"HOME": str(self.home), "ATLAS_CACHE": str(self.cache)}
        return {**os.environ, **own, **self.env}

    @contextmanager
    def running(self) -> Iterator[CodeServer]:
        if self.has_extension:
            self.add_extension(VSIX)
        serve = self.command("--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}")
        with (self.folder / "log").open("wb") as log:
            process = subprocess.Popen(
                serve, env=self.environ, stdout=log, stderr=log, start_new_session=True
            )
            try:
                self._wait(process)
                yield self
            finally:
                process.terminate()
                process.wait(20)

    def add_extension(self, vsix: Path) -> None:
        install = self.command("--install-extension", str(vsix))
        done = subprocess.run(install, env=self.environ, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert process.poll() is None, (self.folder / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        raise AssertionError("code-server does not answer")

    def kill_servers(self) -> None:
        """Kill the language servers that run in this profile, and no others."""
        mark = f"ATLAS_CACHE={self.cache}".encode()
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command = (path / "cmdline").read_bytes()
                environ = (path / "environ").read_bytes()
            except OSError:
                continue
            if b"bin/atlas-lsp" in command and mark in environ.split(b"\0"):
                os.kill(int(path.name), signal.SIGKILL)

    @property
    def evidence(self) -> list[Path]:
        return sorted(self.cache.rglob("evidence.json"))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Window:
    """One window of VS Code on one folder; each click is counted."""

    def __init__(self, browser: Any, server: CodeServer, project: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.page.set_default_timeout(PATIENCE_MS)
        self.server = server
        self.project = project
        self.n_clicks = 0
        self.page.goto(f"http://127.0.0.1:{server.port}/?folder={project}")
        self.page.locator(".monaco-workbench").wait_for()

    def close(self) -> None:
        self.page.close()

    def tidy(self) -> None:
        """As it was before anything was opened; the server and what it knows stay."""
        self.page.keyboard.press("Escape")
        if self.page.locator(".tab.dirty").count():
            self.command("File: Save All")
        self.command("View: Close All Editors")
        self.page.locator(".tab").first.wait_for(state="detached")
        self.command("Notifications: Clear All Notifications")
        self.n_clicks = 0

    # --- seeing ---------------------------------------------------------------------------------

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        # A notification slides in.
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def toast(self, text: str) -> Any:
        found = self.page.locator(".notification-list-item", has_text=text).first
        found.wait_for()
        return found

    def lens(self, text: str) -> Any:
        found = self.page.locator(".codelens-decoration a", has_text=text).first
        found.wait_for()
        return found

    @property
    def lenses(self) -> list[str]:
        found: list[str] = self.page.locator(".codelens-decoration a").all_inner_texts()
        return found

    def status(self, text: str) -> Any:
        found = self.page.locator(STATUS)
        self.until(lambda: text in found.inner_text(), f"{text!r} in the status bar")
        return found

    def until(self, is_so: Any, what: str) -> None:
        end = time.monotonic() + PATIENCE_MS / 1000
        while not is_so():
            if time.monotonic() > end:
                self.shot("failed")
                raise AssertionError(f"waited in vain for {what}")
            self.page.wait_for_timeout(100)

    def saved(self, name: str) -> str:
        """The file's text, after saving it."""
        self.page.keyboard.press("Control+s")
        self.until(lambda: not self.page.locator(".tab.active.dirty").count(), "the file on disk")
        path = self.project / name
        # The mark goes while VS Code writes: an emptied file is one that is being written.
        self.until(lambda: path.stat().st_size, "the text on disk")
        self.page.wait_for_timeout(100)
        return path.read_text(encoding="utf-8")

    # --- doing ----------------------------------------------------------------------------------

    def click(self, what: Any) -> None:
        self.n_clicks += 1
        what.click()

    def button(self, toast: Any, name: str) -> None:
        self.click(toast.locator(".monaco-button", has_text=re.compile(f"^{re.escape(name)}$")))

    def open(self, name: str) -> None:
        self.pick("Control+p", name)
        self.page.locator(".tab.active", has_text=name).wait_for()

    def command(self, title: str) -> None:
        self.pick("F1", title)

    def pick(self, key: str, text: str) -> None:
        """Choose what stands under a key. A list that was asked for before the thing was there does
        not look again, and a page that is being drawn hears no key: so it is asked for anew.
        """
        self.until(lambda: self._offers(key, text), f"{text} in the list of {key}")
        self.page.keyboard.press("Enter")

    def _offers(self, key: str, text: str) -> bool:
        from playwright.sync_api import TimeoutError as NotThere

        picking = self.page.locator(".quick-input-widget")
        if picking.is_visible():
            self.page.keyboard.press("Escape")
            picking.wait_for(state="hidden")
        self.page.keyboard.press(key)
        row = self.page.locator(".quick-input-list .monaco-list-row", has_text=text).first
        try:
            picking.wait_for(timeout=5_000)
            self.page.keyboard.type(text)
            row.wait_for(timeout=10_000)
        except NotThere:
            return False
        return True

    def go_to(self, line: int, column: int = 1) -> None:
        self.page.keyboard.press("Control+g")
        self.page.keyboard.type(f"{line}:{column}")
        self.page.keyboard.press("Enter")
        self.page.locator(".quick-input-widget").wait_for(state="hidden")

    def light_bulb(self, title: str) -> None:
        """Choose a code action by the keyboard."""
        self.page.keyboard.press("Control+.")
        rows = self.page.locator(".action-widget .monaco-list-row.action")
        rows.first.wait_for()
        titles = rows.all_inner_texts()
        (n,) = [n for n, one in enumerate(titles) if title in one][:1]
        for _ in range(n):
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")

    def actions(self) -> list[str]:
        self.page.keyboard.press("Control+.")
        rows = self.page.locator(".action-widget .monaco-list-row")
        rows.first.wait_for()
        found: list[str] = rows.all_inner_texts()
        return found
