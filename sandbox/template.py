"""The worker as the template of a project's tests: its files laid out, its packages imported ahead.
Standard library only.

What is imported here are installed packages, which are trusted; the project's own code and the
candidate are only ever run in a forked child.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox import codec, identity, project_tests
from sandbox.confine import Confinement, as_owner
from sandbox.wire import IN, OUT, Reply, Say, WireRequest, read_exact

SITE = "/site"
"""Where a container finds the installed packages."""


class Template:
    """What this worker has taken in so far."""

    def __init__(self, setting: Confinement) -> None:
        self._setting = setting
        self._top = Path(identity.TOP)
        if setting.local:
            self._top = setting.tmp / "project"
            identity.TOP = str(self._top)
        self._failed: dict[str, str] | None = None
        self._has_pytest = False

    def take(self, request: WireRequest) -> Reply:
        """Read a world from the host and make it what the next children are forked into.

        The project's files are replaced; the packages stay those of the first world.
        """
        world: Any = codec.decode(read_exact(request.body_bytes))
        if self._failed is None:
            os.chdir(self._setting.tmp)
            self._failed = _preload(world["site"], world["preload"])
            self._has_pytest = "pytest" in world["preload"] and "pytest" not in self._failed
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
        self._compile_all()
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

    def _compile_all(self) -> None:
        """Children cannot keep what they compile, and each would compile it again; what takes too
        long is left to them all the same.
        """
        end = time.monotonic() + _COMPILE_S
        for source in sorted(self._top.rglob("*.py")):
            if time.monotonic() > end:
                break
            is_test = source.name.startswith(("test_", "conftest.")) or source.stem.endswith(
                "_test"
            )
            if not is_test:
                _compile(source)
            elif self._has_pytest:
                _rewrite(source)

    def _make_candidates_file(self, target: Path) -> None:
        """Empty, the test user's own in a folder that is not: each test writes its text there."""
        target.parent.chmod(0o777)
        with as_owner(self._setting.uid):
            target.touch(mode=0o644)
        target.parent.chmod(0o755)


_COMPILE_S = 2.0


def _compile(source: Path) -> None:
    import py_compile

    with (
        contextlib.suppress(py_compile.PyCompileError, OSError, ValueError),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(source), doraise=True, invalidation_mode=mode)


def _warm_pytest() -> None:
    """Leaves no file: a test would be blamed for it."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(dir="."))
    try:
        project_tests.warm(folder.resolve())
    finally:
        shutil.rmtree(folder)


def _rewrite(source: Path) -> None:
    try:
        project_tests.rewrite(source)
    except Exception:  # noqa: BLE001 - the project's pytest may be of any version; children can
        return


def _preload(site: str, names: list[str]) -> dict[str, str]:
    """Import the modules; those that could not be, and why."""
    if Path(site).is_dir():
        # Else the packages were installed into the image itself.
        own = ("site-packages", "dist-packages")
        sys.path[:] = [*(path for path in sys.path if not path.endswith(own)), site]
    sys.dont_write_bytecode = True
    # One container has one core; a library's threads would not survive a fork.
    os.environ.update(dict.fromkeys(_N_THREADS, "1"))
    gc.unfreeze()
    with _silent():
        failed = dict(_import_all(names))
        if "pytest" in names and "pytest" not in failed:
            _warm_pytest()
    importlib.invalidate_caches()
    gc.collect()
    gc.freeze()
    gc.disable()
    _collapse()
    return failed


_MADV_COLLAPSE = 25
_HUGE = 1 << 21


def _collapse() -> None:
    """Have the heap in huge pages: a fork then copies a table entry where it copied 512."""
    libc = ctypes.CDLL(None)
    libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in Path("/proc/self/maps").read_text().splitlines():
        words = line.split()
        if words[1] != "rw-p" or words[4] != "0" or words[5:] not in ([], ["[heap]"]):
            continue
        start, end = (int(text, 16) for text in words[0].split("-"))
        for page in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
            # Refused by older kernels, and for pages that nothing has touched.
            libc.madvise(page, _HUGE, _MADV_COLLAPSE)


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
