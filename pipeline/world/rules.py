"""The rules of a project's examples: option flags, and what its conftest puts into their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.task import Loading
from pipeline.source.names import bound, needed
from pipeline.syntax.text import Document, parse
from pipeline.world.discover import Surroundings
from sandbox.checker import flags_of

MAX_CONFTEST_BYTES = 200_000


def loading_of(document: Document, around: Surroundings) -> Loading:
    """Flags of the project's test configuration and of the module's own `testmod`; names that a
    `conftest.py` above the module puts into `doctest_namespace`.
    """
    names = (*around.project.options, *_testmod_flags(document))
    return Loading(
        world=around.world,
        options=flags_of(*names),
        setup=setup_of(around),
        where="" if around.is_alone else around.shown,
        environment=str(around.environment.prefix) if around.environment else "",
    )


def _testmod_flags(document: Document) -> Iterator[str]:
    """`doctest.testmod(optionflags=doctest.ELLIPSIS | ...)` anywhere in the file."""
    for node in ast.walk(document.tree):
        if not isinstance(node, ast.Call) or _last_name(node.func) not in ("testmod", "testfile"):
            continue
        for keyword in node.keywords:
            if keyword.arg == "optionflags":
                yield from (name for n in ast.walk(keyword.value) if (name := _last_name(n)))


def _last_name(node: ast.AST) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


# --- conftest.py ----------------------------------------------------------------------------------


def setup_of(around: Surroundings) -> str:
    """Statements that give the examples what plain fixtures put into `doctest_namespace`."""
    return "".join(_setup_of_file(path) for path in _conftests(around))


def _conftests(around: Surroundings) -> Iterator[Path]:
    """From the project's root down to the module's folder, as pytest runs them."""
    folders = [around.place.path.parent, *around.place.path.parent.parents]
    stop = folders.index(around.project.root) if around.project.root in folders else 0
    for folder in reversed(folders[: stop + 1]):
        path = folder / "conftest.py"
        if path.is_file() and path.stat().st_size <= MAX_CONFTEST_BYTES:
            yield path


def _setup_of_file(path: Path) -> str:
    tree = parse(path.read_text(encoding="utf-8", errors="replace"))
    if tree is None:
        return ""
    body = [stmt for node in tree.body for stmt in _assignments(node)]
    if not body:
        return ""
    wanted = set().union(*(needed(ast.unparse(stmt)) for stmt in body))
    kept = _needed_statements(tree, wanted)
    return "".join(f"{ast.unparse(stmt)}\n" for stmt in (*kept, *body))


def _needed_statements(tree: ast.Module, wanted: set[str]) -> list[ast.stmt]:
    """What binds the wanted names at module level, and what that needs; never a fixture."""
    kept: set[ast.stmt] = set()
    while True:
        more = [
            stmt
            for stmt in tree.body
            if stmt not in kept and bound(stmt) & wanted and not _is_fixture(stmt)
        ]
        if not more:
            return [stmt for stmt in tree.body if stmt in kept]
        kept.update(more)
        for stmt in more:
            wanted |= needed(ast.unparse(stmt))


def _is_fixture(stmt: ast.stmt) -> bool:
    decorators = getattr(stmt, "decorator_list", [])
    return any("fixture" in ast.unparse(decorator) for decorator in decorators)


def _assignments(node: ast.stmt) -> Iterator[ast.stmt]:
    """The names that an automatic fixture adds, as assignments; () where it is not plain."""
    if not isinstance(node, ast.FunctionDef) or not _is_fixture(node):
        return
    parameters = {arg.arg for arg in node.args.args}
    if parameters != {"doctest_namespace"} or "autouse=True" not in _decorated(node):
        return
    for stmt in node.body:
        if isinstance(stmt, ast.Import | ast.ImportFrom):
            yield stmt
        elif isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Subscript):
            yield from _as_name(stmt.targets[0], stmt.value)
        elif isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call):
            yield from _updated(stmt.value)


def _decorated(node: ast.FunctionDef) -> str:
    return " ".join(ast.unparse(decorator) for decorator in node.decorator_list)


def _as_name(target: ast.Subscript, value: ast.expr) -> Iterator[ast.stmt]:
    key = target.slice
    is_namespace = _last_name(target.value) == "doctest_namespace"
    if is_namespace and isinstance(key, ast.Constant) and str(key.value).isidentifier():
        yield _assign(str(key.value), value)


def _updated(call: ast.Call) -> Iterator[ast.stmt]:
    """`doctest_namespace.update(np=numpy)` or with a literal dict."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr != "update":
        return
    if _last_name(func.value) != "doctest_namespace":
        return
    for keyword in call.keywords:
        if keyword.arg:
            yield _assign(keyword.arg, keyword.value)
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            for key, value in zip(argument.keys, argument.values, strict=True):
                if isinstance(key, ast.Constant) and str(key.value).isidentifier():
                    yield _assign(str(key.value), value)


def _assign(name: str, value: ast.expr) -> ast.stmt:
    made = ast.Assign(targets=[ast.Name(id=name, ctx=ast.Store())], value=value, lineno=1)
    return ast.fix_missing_locations(made)
