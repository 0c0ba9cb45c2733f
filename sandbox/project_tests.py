"""Runs the project's own pytest tests beside the candidate. Standard library only, but for the
project's pytest.

Candidate and tests share this process, so a pass proves only that nothing went wrong openly.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import child, place

_MAX_MESSAGE = 2000
_USAGE_ERROR = 4
_KEPT = ("-p", "-W", "--import-mode", "--doctest-", "--asyncio-mode", "--strict", "--ds", "--dc")
"""Of a project's `addopts`, those that change what a test means and not what is printed or run."""
_OURS = ("-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--capture=sys", "-o", "addopts=")


def run_project_tests(job: Any, write: child.Write, _lines: set[int] | None) -> None:
    """One result for each test that ended, then one for the end."""
    code, node_ids = job["code"], job["form"]["node_ids"]
    try:
        compile(place.encoded(code), child.place.filename, "exec", dont_inherit=True)
        place.settle(child.place, code)
        import pytest
    except (SyntaxError, ValueError, ImportError) as exc:
        return write({**child.exception_report(exc, loading=True), "load": True})
    os.chdir(place.TOP)
    watcher = _Watcher(write, job["form"]["seed"])
    options = [*_OURS, "--rootdir", place.TOP, *_kept_options(Path(place.TOP))]
    status = int(pytest.main([*options, *node_ids], plugins=[watcher]))
    if status == _USAGE_ERROR and not watcher.n_ended:
        # One name that does not exist keeps pytest from running any.
        watcher.wanted = frozenset(node_ids)
        files = dict.fromkeys(name.partition("::")[0] for name in node_ids)
        status = int(
            pytest.main([*options, *(f for f in files if Path(f).exists())], plugins=[watcher])
        )
    return write({"outcome": "returned", "value": ("end", status)})


def _kept_options(top: Path) -> Iterator[str]:
    words = iter(_addopts(top))
    for word in words:
        if word in ("-p", "-W"):
            yield from (word, next(words, ""))
        elif word.startswith(_KEPT):
            yield word


def _addopts(top: Path) -> list[str]:
    """From the file that pytest takes its configuration from; none where that cannot be read."""
    import shlex

    from _pytest.config.findpaths import load_config_dict_from_file

    for name in ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"):
        path = top / name
        found = load_config_dict_from_file(path) if path.exists() else None
        if found is not None:
            value: Any = found.get("addopts", "")
            value = getattr(value, "value", value)
            return list(value) if isinstance(value, list) else shlex.split(value)
    return []


class _Watcher:
    """A pytest plugin that tells how each test ended."""

    def __init__(self, write: child.Write, seed: int | None) -> None:
        self._write = write
        self._seed = seed
        self._end: tuple[str, str] = ("passed", "")
        self._took_s = 0.0
        self._lacks: set[str] = set()
        self.n_ended = 0
        self.wanted: frozenset[str] | None = None

    def pytest_cmdline_main(self, config: Any) -> None:
        """Before any plugin is configured."""
        if getattr(config.option, "hypothesis_seed", 0) is None:
            config.option.hypothesis_seed = self._seed or 0

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.wanted is not None:
            items[:] = [item for item in items if _is_in(item.nodeid, self.wanted)]
        if self._seed is not None:
            random.Random(self._seed).shuffle(items)

    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        if child.outcome_of(call.excinfo.value) == "missing_module":
            self._lacks.add(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._say(report.nodeid, "error", _message(report), 0.0)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._took_s += report.duration
        if report.failed and self._end[0] not in ("failed", "error"):
            self._end = ("failed" if report.when == "call" else "error", _message(report))
        elif report.skipped:
            self._end = ("skipped", _message(report))
        if report.when == "teardown":
            self._say(report.nodeid, *self._end, self._took_s)
            self._end, self._took_s = ("passed", ""), 0.0

    def _say(self, node_id: str, end: str, message: str, took_s: float) -> None:
        if node_id in self._lacks:
            end = "missing_module"
        self.n_ended += 1
        self._write({"outcome": "returned", "value": ("test", node_id, end, message, took_s)})


def _is_in(node_id: str, wanted: frozenset[str]) -> bool:
    """Whether it was asked for, or is one of a class or of parameters that were."""
    return any(node_id == one or node_id.startswith((f"{one}::", f"{one}[")) for one in wanted)


def _message(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        where = os.path.relpath(crash.path, place.TOP)
        return f"{where}:{crash.lineno}: {crash.message}"[:_MAX_MESSAGE]
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[-1])[:_MAX_MESSAGE]
    return str(report.longreprtext)[-_MAX_MESSAGE:]


def warm() -> None:
    """In the template: import what pytest imports only when it is started."""
    from importlib import import_module
    from importlib.metadata import entry_points

    from _pytest.config import default_plugins

    for name in (*default_plugins, "assertion.rewrite", "assertion.util", "_io.saferepr"):
        import_module(f"_pytest.{name}")
    for name in ("difflib", "shlex", "pprint", "unittest", "tomllib"):
        import_module(name)
    for plugin in entry_points(group="pytest11"):
        plugin.load()
