"""What a function's project says of it beyond its module: what it uses, who uses it, and how.

Files are read, nothing is run. Of a large project only some files are looked at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.inputs.callers import WrittenCall, written_calls
from pipeline.inputs.target import Target
from pipeline.source.locate import FunctionNode, FunctionSite
from pipeline.source.shown import MAX_CALLERS, brief_forms, calls_in
from pipeline.storage.foreign import foreign_bytes
from pipeline.syntax.text import Document, SourceError, document_from_bytes
from pipeline.world.closure import base_of
from pipeline.world.discover import Surroundings
from pipeline.world.place import place_of
from pipeline.world.project import absolute, files_below, project_of
from pipeline.world.syntax import parsed
from sandbox.api import World

MAX_HOPS = 4
MAX_SEARCHED = 400
MAX_SEARCHED_BYTES = 4 << 20
"""Files of a project, and their text, that are looked through for callers: a tenth of a second."""
MAX_FILE_BYTES = 400_000
MAX_LOOKED_AT = 5_000
"""Files and folders of whatever kind: a project may hold fifty thousand."""
MOST_CALLS = 60
_TESTS = re.compile(r"(^|/)(tests?|conftest\.py|test_[^/]*\.py|[^/]*_test\.py)(/|$)")


def neighbours_of(document: Document, site: FunctionSite, around: Surroundings) -> tuple[str, ...]:
    """Functions and classes of other modules that it names, by signature and docstring, and the
    statements of other modules that call it.
    """
    return (*_used(document, site, around), *_callers(document, site, around))


def calls_around(document: Document, target: Target) -> tuple[WrittenCall, ...]:
    """Calls with arguments that can be read: those of its own file, then of the project's tests,
    then of the rest, each call once.
    """
    found: dict[str, WrittenCall] = {}
    for one in _written(document, target):
        before = found.get(repr(one.call))
        is_checked = one.is_checked or (before is not None and before.is_checked)
        raises = one.raises or (before.raises if before else "")
        found[repr(one.call)] = replace(one, is_checked=is_checked, raises=raises)
        if len(found) >= MOST_CALLS:
            break
    return tuple(found.values())


def _used(document: Document, site: FunctionSite, around: Surroundings) -> Iterator[str]:
    words = set(re.findall(r"[^\W\d]\w*", document.text[site.start : site.end]))
    for name, module, original in _imported(document.tree, around.place.name, around.world.path):
        found = _definition(module, original, around.world) if name in words else None
        if found:
            where, node = found
            yield f"# {where}\n{brief_forms(node)[0]}"


def _imported(tree: ast.Module, module: str, path: str) -> Iterator[tuple[str, str, str]]:
    """(name here, absolute module, name there) of each `from ... import ...` of a module."""
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    for node in ast.walk(tree):
        base = base_of(package, node.level) if isinstance(node, ast.ImportFrom) else None
        if isinstance(node, ast.ImportFrom) and base is not None:
            source = ".".join(filter(None, (base, node.module or "")))
            yield from ((one.asname or one.name, source, one.name) for one in node.names)


def _definition(
    module: str, name: str, world: World, depth: int = MAX_HOPS
) -> tuple[str, FunctionNode | ast.ClassDef] | None:
    """Where a name of a module of the project is defined, through a few re-exports."""
    path = next((path for path in _paths(module, world) if path in world.files), None)
    if path is None or depth == 0:
        return None
    tree = parsed(world.files[path])
    for node in tree.body:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        if isinstance(node, kinds) and node.name == name:
            return module, node
    for here, source, there in _imported(tree, module, path):
        if here == name:
            return _definition(source, there, world, depth - 1)
    return None


def _paths(module: str, world: World) -> Iterator[str]:
    for root in world.roots:
        at = "/".join(filter(None, (root, *module.split("."))))
        yield from (f"{at}.py", f"{at}/__init__.py")


def _callers(document: Document, site: FunctionSite, around: Surroundings) -> Iterator[str]:
    """In modules that import this one, or the function's own name from wherever."""
    top = site.name.partition(".")[0]
    own = around.place.name.rpartition(".")[2]
    call = re.compile(rf"\b{re.escape(site.last_name)}\s*\(")
    import_ = re.compile(rf"^\s*(?:from|import)\b.*\b({re.escape(top)}|{re.escape(own)})\b", re.M)
    n_found = 0
    for path, text in _texts(around.project.root, but=around.place.path, of_tests=False):
        if not call.search(text) or not import_.search(text):
            continue
        inside = path.relative_to(around.project.root).with_suffix("").as_posix()
        for shown in calls_in(parsed(text), text, site.last_name, of=inside.replace("/", ".")):
            yield shown
            n_found += 1
            if n_found == MAX_CALLERS:
                return


def _written(document: Document, target: Target) -> Iterator[WrittenCall]:
    yield from written_calls(document.tree, target)
    if not document.path:
        return
    own = absolute(Path(document.path))
    project = project_of(own)
    roots = (project.root, place_of(own, project).root)
    top = min(roots, key=lambda root: len(root.parts))
    word = re.compile(rf"\b{re.escape(target.name.rpartition('.')[2])}\b")
    for of_tests in (True, False):
        for _, text in _texts(top, but=own, of_tests=of_tests):
            if word.search(text):
                yield from written_calls(parsed(text), target)


def _texts(root: Path, *, but: Path, of_tests: bool) -> Iterator[tuple[Path, str]]:
    """The project's tests, or its other modules."""
    n = n_bytes = 0
    for path in files_below(root, (".py",), most_looked_at=MAX_LOOKED_AT):
        inside = path.relative_to(root).as_posix()
        if path == but or bool(_TESTS.search(inside)) is not of_tests:
            continue
        n += 1
        if n > MAX_SEARCHED or n_bytes > MAX_SEARCHED_BYTES:
            return
        try:
            text = document_from_bytes(foreign_bytes(path, MAX_FILE_BYTES)).plain
            n_bytes += len(text)
            yield path, text
        except (OSError, SourceError):
            continue
