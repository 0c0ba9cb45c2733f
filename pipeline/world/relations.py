"""What the model is told of a function's project beyond its module: what it uses, who uses it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pipeline.source.locate import FunctionNode, FunctionSite
from pipeline.source.shown import MAX_CALLERS, brief_forms, calls_in
from pipeline.syntax.text import Document, SourceError, document_from_bytes
from pipeline.world.closure import base_of
from pipeline.world.discover import Surroundings
from pipeline.world.project import files_below
from pipeline.world.syntax import parsed
from sandbox.api import World

MAX_HOPS = 4
MAX_SEARCHED = 400
MAX_SEARCHED_BYTES = 4 << 20
"""Files of a project, and their text, that are looked through for callers: a tenth of a second."""
MAX_FILE_BYTES = 400_000
MAX_LOOKED_AT = 5_000
"""Files and folders of whatever kind: a project may hold fifty thousand."""
_TESTS = re.compile(r"(^|/)(tests?|conftest\.py|test_[^/]*\.py|[^/]*_test\.py)(/|$)")


def neighbours_of(document: Document, site: FunctionSite, around: Surroundings) -> tuple[str, ...]:
    """Functions and classes of other modules that it names, by signature and docstring, and the
    statements of other modules that call it. Reads files of the project and runs nothing.
    """
    return (*_used(document, site, around), *_callers(document, site, around))


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
    for path, text in _texts(around):
        if not call.search(text) or not import_.search(text):
            continue
        inside = path.relative_to(around.project.root).with_suffix("").as_posix()
        for shown in calls_in(parsed(text), text, site.last_name, of=inside.replace("/", ".")):
            yield shown
            n_found += 1
            if n_found == MAX_CALLERS:
                return


def _texts(around: Surroundings) -> Iterator[tuple[Path, str]]:
    """The project's other modules, without its tests."""
    n_bytes = 0
    found = files_below(around.project.root, (".py",), most_looked_at=MAX_LOOKED_AT)
    for n, path in enumerate(found):
        inside = path.relative_to(around.project.root).as_posix()
        if n >= MAX_SEARCHED or n_bytes > MAX_SEARCHED_BYTES:
            return
        if path == around.place.path or _TESTS.search(inside):
            continue
        try:
            if path.stat().st_size <= MAX_FILE_BYTES:
                text = document_from_bytes(path.read_bytes()).plain
                n_bytes += len(text)
                yield path, text
        except (OSError, SourceError):
            continue
