"""The worker as the template of a project's tests: its files laid out, its packages imported ahead.
Standard library only.

What is imported here are installed packages, which are trusted; the project's own code and the
candidate are only ever run in a forked child.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import codec, place, project_tests
from sandbox.confine import Setting, as_owner
from sandbox.wire import IN, OUT, Reply, Request, Say, read_exact

SITE = "/site"
"""Where a container finds the installed packages."""


class Template:
    """What this worker has taken in so far."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._top = Path(place.TOP)
        if setting.local:
            self._top = setting.tmp / "project"
            place.TOP = str(self._top)
        self._failed: dict[str, str] | None = None

    def take(self, request: Request) -> Reply:
        """Read a world from the host and make it what the next children are forked into.

        The project's files are replaced; the packages stay those of the first world.
        """
        world: Any = codec.decode(read_exact(request.body_bytes))
        if self._failed is None:
            self._failed = _preload(world["site"], world["preload"])
        trouble = ""
        try:
            self._lay_out(world["files"], world["path"])
        except (OSError, ValueError) as exc:
            trouble = f"cannot lay out the project's files: {exc}"
        result = codec.encode({"failed": self._failed, "trouble": trouble})
        return Reply(
            say=Say.WORLD, nonce=request.nonce, request_id=request.request_id, result=result
        )

    def _lay_out(self, files: dict[str, bytes], path: str) -> None:
        import shutil

        self._top.mkdir(exist_ok=True)
        for entry in list(self._top.iterdir()):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for name, data in files.items():
            if name != path:
                self._put(name, data)
        self._make_candidates_file(self._inside(path))

    def _inside(self, name: str) -> Path:
        target = self._top / name
        if ".." in target.parts or not target.is_relative_to(self._top):
            raise ValueError(f"{name!r} is no path inside the project")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _put(self, name: str, data: bytes) -> None:
        target = self._inside(name)
        target.write_bytes(data)
        target.chmod(0o644)
        if target.suffix == ".py":
            _compile(target)

    def _make_candidates_file(self, target: Path) -> None:
        """Empty, the test user's own in a folder that is not: each test writes its text there."""
        target.parent.chmod(0o777)
        with as_owner(self._setting.uid):
            target.touch(mode=0o644)
        target.parent.chmod(0o755)


def _compile(source: Path) -> None:
    """Children cannot keep what they compile, and each would compile all of it again."""
    import py_compile

    with (
        contextlib.suppress(py_compile.PyCompileError, OSError, ValueError),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(source), doraise=True, invalidation_mode=mode)


def _preload(site: str, names: list[str]) -> dict[str, str]:
    """Import the modules; those that could not be, and why."""
    sys.path[:] = [p for p in sys.path if not p.endswith(("site-packages", "dist-packages"))]
    sys.path.append(site)
    sys.dont_write_bytecode = True
    # One container has one core; a library's threads would not survive a fork.
    os.environ.update(dict.fromkeys(_N_THREADS, "1"))
    gc.unfreeze()
    with _silent():
        failed = dict(_import_all(names))
        if "pytest" in names and "pytest" not in failed:
            project_tests.warm()
    importlib.invalidate_caches()
    gc.collect()
    gc.freeze()
    gc.disable()
    return failed


_N_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def _import_all(names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as exc:  # noqa: BLE001 - a package may raise anything, also SystemExit
            yield name, f"{type(exc).__name__}: {exc}"[:500]


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What a package prints must not reach the host as our reply, nor may it read our requests."""
    kept = [os.dup(fd) for fd in (IN, OUT)]
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (IN, OUT):
        os.dup2(null, fd)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for fd, old in zip((IN, OUT), kept, strict=True):
            os.dup2(old, fd)
        for fd in (*kept, null):
            os.close(fd)
