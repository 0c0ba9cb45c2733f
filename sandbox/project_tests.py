"""Runs the project's own pytest tests beside the candidate. Standard library only, but for the
project's pytest.

Candidate and tests share this process, so a pass proves only that nothing went wrong openly.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import child, identity, versions
from sandbox.calls_made import Calls
from sandbox.entered import Entries, Entry

_MAX_MESSAGE = 2000
_USAGE_ERROR = 4
_KEPT = ("-p", "-W", "--import-mode", "--doctest-", "--asyncio-mode", "--strict", "--ds", "--dc")
"""Of a project's `addopts`, those that change what a test means and not what is printed or run."""
_OURS = (
    *("-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--capture=sys", "-o", "addopts="),
    # A file that cannot be imported says nothing of the tests in others.
    "--continue-on-collection-errors",
)


def run_project_tests(job: Any, write: child.Write, _lines: set[int] | None) -> None:
    """One result for each test that ended, then one for the end."""
    code, form = job["code"], job["form"]
    try:
        compile(identity.encoded(code), child.identity.filename, "exec", dont_inherit=True)
        identity.settle(child.identity, code)
        os.chdir(identity.TOP)
        status = _run(form["node_ids"], _Watcher(write, form, code))
    except (SyntaxError, ValueError, ImportError) as exc:
        return write({**child.exception_report(exc, loading=True), "load": True})
    return write({"outcome": "returned", "value": ("end", status)})


def _run(node_ids: list[str], watcher: _Watcher) -> int:
    """Run them; pytest's exit status. Raises ImportError where there is no pytest."""
    options = [*_OURS, "--rootdir", identity.TOP, *_kept_options(Path(identity.TOP))]
    status = _main([*options, *node_ids], watcher)
    if status == _USAGE_ERROR and not watcher.n_ended:
        # One name that does not exist keeps pytest from running any.
        watcher.wanted = frozenset(node_ids)
        files = dict.fromkeys(name.partition("::")[0] for name in node_ids)
        status = _main([*options, *(file for file in files if Path(file).exists())], watcher)
    return status


def _main(args: list[str], watcher: _Watcher) -> int:
    """As pytest.main, but with what the template has made of pytest already."""
    from _pytest.config import Config, ConftestImportFailure, UsageError, get_config

    config = _prepared.pop() if _prepared else get_config(list(_OURS))
    params = Config.InvocationParams(args=args, plugins=[watcher], dir=Path.cwd())
    config.invocation_params = params
    manager = config.pluginmanager
    manager.register(watcher)
    try:
        config = manager.hook.pytest_cmdline_parse(pluginmanager=manager, args=args)
        return int(config.hook.pytest_cmdline_main(config=config))
    except UsageError as exc:
        print(exc, file=sys.stderr)
        return _USAGE_ERROR
    except ConftestImportFailure as exc:
        watcher.conftest_failed(exc)
        return _USAGE_ERROR
    finally:
        config._ensure_unconfigure()


_prepared: list[Any] = []
"""In a child of a template: one pytest that no test has used."""


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

    def __init__(self, write: child.Write, form: Any, code: str) -> None:
        self._code, self._form = code, form
        self._write = write
        self._seed: int | None = form["seed"]
        # A version in a fork has a clock of its own.
        self._each_cpu_s: float = 0.0 if form["versions"] else form["each_cpu_s"]
        self._entries = Entries(identity.TOP) if form["trace"] else None
        self._numbers: dict[Entry, int] = {}
        self._end: tuple[str, str] = ("passed", "")
        self._took_s = 0.0
        self._lacks: set[str] = set()
        self._ended = ""
        self._stacks: dict[str, list[Entry]] = {}
        self._calls = self._calls_of(form["recorded"])
        self.n_ended = 0
        self.wanted: frozenset[str] | None = None

    def pytest_cmdline_main(self, config: Any) -> None:
        """Before any plugin is configured."""
        if self._entries:
            self._entries.start()
        if getattr(config.option, "hypothesis_seed", 0) is None:
            config.option.hypothesis_seed = self._seed or 0

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.wanted is not None:
            items[:] = [item for item in items if _is_in(item.nodeid, self.wanted)]
        if self._seed is not None:
            _shuffle(items, self._seed)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._say_entered(self._entered())
        self._write({"outcome": "returned", "value": ("begun", nodeid)})
        if self._each_cpu_s:
            signal.signal(signal.SIGPROF, _too_long)
            signal.setitimer(signal.ITIMER_PROF, self._each_cpu_s)
        if self._calls:
            self._calls.start()

    def pytest_runtest_logfinish(self) -> None:
        if self._calls:
            self._calls.stop()
        if self._each_cpu_s:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def pytest_runtestloop(self, session: Any) -> bool | None:
        """Instead of pytest's own, where versions are to be tried."""
        if not self._form["versions"]:
            return None
        items = session.items
        self._write({"outcome": "returned", "value": ("items", [one.nodeid for one in items])})
        exchange = None if session.testsfailed or not items else self._exchange()

        def run() -> Iterator[str]:
            self._write = lambda _report: None
            for item, following in zip(items, [*items[1:], None], strict=True):
                self._ended = "error"
                # Nobody reads it, and to make it takes longer than the test.
                item.repr_failure = _told_to_nobody
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                yield self._ended

        limit_s = self._form["version_cpu_s"]
        for ended in versions.each(exchange, self._form["versions"], run, limit_s):
            self._write({"outcome": "returned", "value": ("version", *ended)})
        return True

    def pytest_assertrepr_compare(self) -> list[str] | None:
        return ["differs"] if self._form["versions"] else None

    def _exchange(self) -> versions.Exchange | None:
        try:
            name = self._form["exchanged"]
            return versions.Exchange(child.identity.filename, self._code, name)
        except (versions.CannotExchange, SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def conftest_failed(self, exc: Any) -> None:
        """No test can be run then; says so for the file."""
        cause = exc.cause if hasattr(exc, "cause") else exc.excinfo[1]
        end = "missing_module" if child.outcome_of(cause) == "missing_module" else "error"
        path = os.path.relpath(exc.path, identity.TOP)
        self._say(path, end, f"{type(cause).__name__}: {cause}"[:_MAX_MESSAGE], 0.0)

    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        if child.outcome_of(call.excinfo.value) == "missing_module":
            self._lacks.add(report.nodeid)
        if self._entries and report.nodeid not in self._stacks:
            self._stacks[report.nodeid] = self._entries.on_stack(call.excinfo.value)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._say(report.nodeid, "error", _message(report), 0.0)
        else:
            # What importing a file enters is none of its tests'.
            self._entered()

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
        self._ended = end
        self.n_ended += 1
        entered = self._say_entered(self._entered())
        stack = self._say_entered(self._stacks.pop(node_id, []))
        value = ("test", node_id, end, message, took_s, entered, stack)
        self._write({"outcome": "returned", "value": value})

    def _calls_of(self, name: str) -> Calls | None:
        if not name:
            return None

        def tell(told: tuple[object, ...]) -> None:
            self._write({"outcome": "returned", "value": ("call", *told)})

        return Calls(child.identity.filename, name, tell)

    def _entered(self) -> list[Entry]:
        return self._entries.taken() if self._entries else []

    def _say_entered(self, entered: list[Entry]) -> list[int]:
        """Their numbers; each function is told in full once."""
        for one in entered:
            if one not in self._numbers:
                self._numbers[one] = len(self._numbers)
                value = ("function", self._numbers[one], *one)
                self._write({"outcome": "returned", "value": value})
        return [self._numbers[one] for one in entered]


def _told_to_nobody(*_: object, **__: object) -> str:
    return "failed"


TOO_LONG = "the test takes too long"


class TooLong(BaseException):
    """No test catches it as an Exception."""


def _too_long(_number: int, _frame: object) -> None:
    raise TooLong(TOO_LONG)


def _shuffle(items: list[Any], seed: int) -> None:
    """Files, then classes, then tests: so that no fixture of theirs is made more often."""
    order = random.Random(seed)
    ranks: dict[object, float] = {}

    def rank(node: Any) -> list[float]:
        return [ranks.setdefault(part, order.random()) for part in node.listchain()]

    items.sort(key=rank)


def _is_in(node_id: str, wanted: frozenset[str]) -> bool:
    """Whether it was asked for, or is one of a class or of parameters that were."""
    return any(node_id == one or node_id.startswith((f"{one}::", f"{one}[")) for one in wanted)


def _message(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        where = os.path.relpath(crash.path, identity.TOP)
        return f"{where}:{crash.lineno}: {crash.message}"[:_MAX_MESSAGE]
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[-1])[:_MAX_MESSAGE]
    return str(report.longreprtext)[-_MAX_MESSAGE:]


def warm(folder: Path) -> None:
    """In the template: have pytest do once in an empty folder what it does in every child."""
    import pytest
    from _pytest.config import get_config

    test = folder / "test_nothing.py"
    test.write_text(_TEST_OF_NOTHING)
    kept = list(sys.path)
    own = ["--rootdir", str(folder), "--basetemp", str(folder / "base"), str(test)]
    pytest.main([*_OURS, *own], plugins=[_Keeper()])
    sys.path[:] = kept
    sys.modules.pop("test_nothing", None)
    _prepared.append(get_config(list(_OURS)))


_TEST_OF_NOTHING = """\
import pytest
@pytest.fixture
def one(): return 1
@pytest.mark.parametrize("n", [1, 2])
def test_it(n, one, tmp_path, monkeypatch, capsys): assert n == one
"""
_configs: list[Any] = []


class _Keeper:
    """Keeps the configuration of the template's own run, for `rewrite`."""

    def pytest_sessionfinish(self, session: Any) -> None:
        _configs.append(session.config)


def rewrite(source: Path) -> None:
    """Keep the file as pytest compiles a test's file, so that no child does it again."""
    from types import SimpleNamespace

    from _pytest.assertion.rewrite import PYC_TAIL, _rewrite_test, _write_pyc, get_cache_dir

    cache = get_cache_dir(source)
    cache.mkdir(exist_ok=True)
    state: Any = SimpleNamespace(trace=lambda _text: None)
    stamp, code = _rewrite_test(source, _configs[0])
    _write_pyc(state, code, stamp, cache / (source.stem + PYC_TAIL))
