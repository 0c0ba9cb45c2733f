"""A code-server for the session, and a window that most scenes share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vscode.browser import UNASKED, CodeServer, Window, missing

Open = Callable[..., Window]
Show = Callable[[dict[str, str]], Window]
OPENED = pytest.StashKey[list[Window]]()
FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if why := missing():
        pytest.skip(why)
    api = pytest.importorskip("playwright.sync_api", reason="no playwright; make test-vscode")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with api.sync_playwright() as playwright:
        path = shutil.which("chromium")
        opened = playwright.chromium.launch(executable_path=path, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def code_server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeServer]:
    """One that does not ask for trust: what is about trust starts its own."""
    folder = tmp_path_factory.mktemp("code-server")
    with CodeServer(folder=folder, settings=UNASKED).running() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A picture of what was there when a scene failed."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
        for n, one in enumerate(item.stash.get(OPENED, [])):
            one.shot(f"failed-{item.name}-{n}")
    return report


@pytest.fixture
def alone(
    request: pytest.FixtureRequest, browser: Any, code_server: CodeServer, tmp_path: Path
) -> Iterator[Open]:
    """Opens a window on a project with these files, the first of them shown."""
    opened: list[Window] = []
    request.node.stash[OPENED] = opened

    def open_(files: dict[str, str], server: CodeServer | None = None, show: bool = True) -> Window:
        project = tmp_path / "project"
        write(project, files)
        one = Window(browser, server or code_server, project)
        opened.append(one)
        if show:
            one.open(next(iter(files)))
        return one

    yield open_
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[list[Window]]:
    """The window that scenes share while none of them fails: to open one takes longest."""
    windows: list[Window] = []
    yield windows
    for one in windows:
        one.close()


@pytest.fixture
def window(
    request: pytest.FixtureRequest,
    browser: Any,
    code_server: CodeServer,
    shared: list[Window],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Show]:
    """Shows these files, of names that no other scene has, in the shared window."""
    if not shared:
        project = tmp_path_factory.mktemp("shared") / "project"
        project.mkdir()
        shared.append(Window(browser, code_server, project))
    (one,) = shared
    request.node.stash[OPENED] = [one]

    def show(files: dict[str, str]) -> Window:
        assert not set(files) & {path.name for path in one.project.iterdir()}
        write(one.project, files)
        one.open(next(iter(files)))
        return one

    yield show
    if request.node.stash.get(FAILED, False):
        shared.remove(one)
        one.close()
    else:
        one.tidy()


TOLD: list[str] = []
"""Figures, shown below the results."""


def tell(figure: str) -> None:
    TOLD.append(figure)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in TOLD:
        terminalreporter.write_line(line)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
