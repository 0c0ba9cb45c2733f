"""Where the candidate's text belongs while it runs: alone, or as a module of the project around it.
Standard library only.

In a project the text is written to the module's own file before anything can import it, so that
whoever is first gets the candidate: the examples, a sibling, the package itself, another process.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import linecache
import os
import re
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TOP = "/project"
"""Where the project lies; the worker sets another place where it is no container."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What the candidate's module is called, and the file that it says it comes from."""

    module: str = "solution"
    filename: str = "solution.py"
    roots: tuple[str, ...] = ()
    is_project: bool = False


class NotTheProject(ImportError):
    """The dotted name leads to something else than the project's file."""


def identity_of(job: Any) -> Identity:
    """From a job's body."""
    world = job["world"]
    if world is None:
        return Identity()
    return Identity(
        module=world["module"],
        filename=os.path.join(TOP, world["path"]),  # noqa: PTH118 - imported in every worker
        roots=tuple(os.path.normpath(os.path.join(TOP, root)) for root in world["roots"]),  # noqa: PTH118
        is_project=True,
    )


def settle(identity: Identity, code: str) -> None:
    """Make the text what is found under its file's name: by tracebacks, inspect, and importers."""
    if identity.is_project:
        _write(identity.filename, encoded(code))
        # A `statistics.py` at a root is what the project means by that name.
        _forget({identity.module.partition(".")[0], *_importable(identity.roots)})
        sys.path[:0] = identity.roots
        importlib.invalidate_caches()
    elif "__file__" in code:
        # Nobody else asks for the file, and one in each run would have to be removed again.
        with contextlib.suppress(NotTheProject):
            _write(identity.filename, encoded(code))
    lines = code.splitlines(keepends=True)
    linecache.cache[identity.filename] = (len(code), None, lines, identity.filename)


def _write(filename: str, data: bytes) -> None:
    """Into the test user's own file in a folder that is not; an earlier test may have shut it."""
    try:
        with contextlib.suppress(FileNotFoundError):
            os.chmod(filename, 0o600)  # noqa: PTH101 - see identity_of
        fd = os.open(filename, os.O_WRONLY | os.O_TRUNC | os.O_CREAT)
        os.chmod(fd, 0o644)  # noqa: PTH101
        while data:
            data = data[os.write(fd, data) :]
        os.close(fd)
    except OSError as exc:
        raise NotTheProject(f"cannot put the candidate's text at {filename}: {exc}") from exc


_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def encoded(code: str) -> bytes:
    """The text in the encoding that its own first lines announce, else in UTF-8."""
    plain = code.encode("utf-8", "surrogatepass")
    for line in plain.split(b"\n", 2)[:2]:
        found = _COOKIE.match(line)
        if found:
            try:
                return code.encode(found.group(1).decode("ascii"))
            except (LookupError, UnicodeError):
                break
    return plain


def _forget(names: set[str]) -> None:
    """Drop what was imported ahead under a name that is the project's."""
    known = {name for name in names if name in sys.modules}
    if known:
        for name in [n for n in sys.modules if n.partition(".")[0] in known]:
            if not _is_fixed(sys.modules[name]):
                del sys.modules[name]


def _importable(roots: tuple[str, ...]) -> Iterator[str]:
    """Names that a root has a module or a regular package for."""
    for root in roots:
        for entry in os.scandir(root):
            name, _, suffix = entry.name.partition(".")
            if suffix in ("py", "so") or os.path.exists(f"{entry.path}/__init__.py"):  # noqa: PTH110
                yield name


def _is_fixed(module: types.ModuleType) -> bool:
    """Whether Python itself was started with it, so that no project could shadow it."""
    spec = getattr(module, "__spec__", None)
    return spec is None or spec.origin in ("built-in", "frozen")


def load(identity: Identity, code: str, name: str | None = None) -> types.ModuleType:
    """The candidate as a fresh module; raises whatever it raises.

    Under another `name` than its own (`__main__`) nobody imports it: it is run, as Python does
    with a script.
    """
    settle(identity, code)
    if identity.is_project and name is None:
        module = importlib.import_module(identity.module)
        origin = getattr(module.__spec__, "origin", None)
        if origin != identity.filename:
            raise NotTheProject(f"{identity.module} is {origin} here, not {identity.filename}")
        return module
    module = types.ModuleType(name or identity.module)
    module.__file__ = os.path.abspath(identity.filename)  # noqa: PTH100 - see identity_of
    module.__builtins__ = builtins  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    text = code.removeprefix("\ufeff")
    exec(compile(text, identity.filename, "exec", dont_inherit=True), module.__dict__)
    return module
