"""Plain fixtures of a project's `conftest.py` files, for examples that are run without pytest.

As with pytest, examples have what automatic fixtures put into `doctest_namespace`, and
`getfixture`. A fixture is plain that needs plain ones alone; `tmp_path` counts as one. Files are
read, nothing is run; what is not plain is left out.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.source.names import bound, needed
from pipeline.storage.foreign import foreign_bytes
from pipeline.world.closure import base_of, imports_of
from pipeline.world.place import Place
from pipeline.world.project import Project
from pipeline.world.syntax import parsed

MAX_CONFTEST_BYTES = 200_000
NAMESPACE = "doctest_namespace"
_GIVEN = frozenset({NAMESPACE, "tmp_path"})
_Def = ast.FunctionDef | ast.AsyncFunctionDef
_SETUP = """\
def _fixtures():
    made, plain = {"doctest_namespace": {}}, {}

    def getfixture(name):
        if name == "tmp_path" and name not in made:
            import pathlib, tempfile
            made[name] = pathlib.Path(tempfile.mkdtemp())
        if name not in made:
            function, wanted, gives_once = plain[name]
            value = function(*map(getfixture, wanted))
            made[name] = next(value) if gives_once else value
        return made[name]

    for name in AUTOMATIC:
        getfixture(name)
    return {**made["doctest_namespace"], "getfixture": getfixture}


globals().update(_fixtures())
del _fixtures
"""


@dataclass(frozen=True, kw_only=True)
class Fixtures:
    """What the examples of a module get of its project's fixtures."""

    setup: str = ""
    """Statements that run before the examples of a docstring, in their namespace."""
    names: frozenset[str] = _GIVEN
    """What `getfixture` knows."""
    imports: tuple[str, ...] = ()
    """Dotted names that the setup imports."""


@dataclass(frozen=True, kw_only=True)
class _Fixture:
    name: str
    node: ast.FunctionDef
    wanted: tuple[str, ...]
    is_automatic: bool


@dataclass(frozen=True, kw_only=True)
class _Conftest:
    body: Sequence[ast.stmt]
    found: Sequence[_Fixture]


def fixtures_of(project: Project, place: Place, source: bytes) -> Fixtures:
    """Of the files from the project's root down to the module's folder, as pytest reads them.

    Only those are taken that an example asks for or that give it names.
    """
    files = [_read(path, project, place) for path in _conftests(project, place)]
    plain = _plain({one.name: one for file in files for one in file.found})
    automatic = tuple(name for name, one in plain.items() if _gives_names(one))
    asked = tuple(plain) if b"getfixture" in source else automatic
    if not asked and b"getfixture" not in source:
        return Fixtures()
    kept = _with_wanted(plain, asked)
    setup = parsed(_SETUP.replace("AUTOMATIC", repr(automatic)))
    (function, *_) = setup.body
    assert isinstance(function, ast.FunctionDef)
    function.body[1:1] = [
        stmt for file in files for stmt in _made_of(file, [f for f in file.found if f in kept])
    ]
    text = ast.unparse(ast.fix_missing_locations(setup)) + "\n"
    return Fixtures(setup=text, names=_GIVEN | set(plain), imports=imports_of(text))


def _conftests(project: Project, place: Place) -> Iterator[Path]:
    folders = [place.path.parent, *place.path.parent.parents]
    stop = folders.index(project.root) if project.root in folders else 0
    for folder in reversed(folders[: stop + 1]):
        path = folder / "conftest.py"
        if path.is_file():
            yield path


def _read(path: Path, project: Project, place: Place) -> _Conftest:
    try:
        tree = parsed(foreign_bytes(path, MAX_CONFTEST_BYTES))
    except OSError:
        tree = ast.Module(body=[], type_ignores=[])
    root = place.root if place.root in path.parents else project.root
    package = ".".join(path.parent.relative_to(root).parts)
    for node in ast.walk(tree):
        base = base_of(package, node.level) if isinstance(node, ast.ImportFrom) else None
        if isinstance(node, ast.ImportFrom) and node.level and base is not None:
            node.module, node.level = ".".join(filter(None, (base, node.module))), 0
    body = [stmt for stmt in tree.body if getattr(stmt, "module", "") != "__future__"]
    return _Conftest(body=body, found=tuple(_fixtures(body)))


def _fixtures(body: Sequence[ast.stmt]) -> Iterator[_Fixture]:
    for node in body:
        mark = next(filter(_is_fixture, getattr(node, "decorator_list", ())), None)
        if mark is None or not isinstance(node, ast.FunctionDef):
            continue
        given = {k.arg: k.value for k in mark.keywords} if isinstance(mark, ast.Call) else {}
        name, automatic = given.get("name"), given.get("autouse")
        arguments = node.args
        is_usual = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs)
        without_default = arguments.args[: len(arguments.args) - len(arguments.defaults)]
        if is_usual and len(node.decorator_list) == 1 and "params" not in given:
            yield _Fixture(
                name=str(name.value) if isinstance(name, ast.Constant) else node.name,
                node=node,
                wanted=tuple(arg.arg for arg in without_default),
                is_automatic=isinstance(automatic, ast.Constant) and automatic.value is True,
            )


def _is_fixture(mark: ast.expr) -> bool:
    called = mark.func if isinstance(mark, ast.Call) else mark
    return getattr(called, "attr", getattr(called, "id", "")) == "fixture"


def _gives_names(one: _Fixture) -> bool:
    return one.is_automatic and NAMESPACE in one.wanted


def _plain(known: Mapping[str, _Fixture]) -> dict[str, _Fixture]:
    """Without those that need what is not plain."""
    plain = dict(known)
    while True:
        bad = [
            n for n, one in plain.items() if n in one.wanted or set(one.wanted) - {*plain} - _GIVEN
        ]
        if not bad:
            return plain
        for name in bad:
            del plain[name]


def _with_wanted(plain: Mapping[str, _Fixture], names: Sequence[str]) -> list[_Fixture]:
    kept, todo = dict[str, _Fixture](), list(names)
    while todo:
        name = todo.pop()
        if name in plain and name not in kept:
            kept[name] = plain[name]
            todo += plain[name].wanted
    return list(kept.values())


def _made_of(file: _Conftest, kept: Sequence[_Fixture]) -> Iterator[ast.stmt]:
    """A function that makes the fixtures of one file, with what they need of it; none of its names
    is known outside.
    """
    if not kept:
        return
    wanted = frozenset[str]().union(*(needed(ast.unparse(_bare(one.node))) for one in kept))
    known = parsed(
        "\n".join(
            f"plain[{one.name!r}] = {one.node.name}, {one.wanted}, {_gives_once(one.node)}"
            for one in kept
        )
    )
    (made, call) = parsed("def conftest():\n    pass\nconftest()").body
    assert isinstance(made, ast.FunctionDef)
    made.body = [*_needed(file.body, wanted), *(_bare(one.node) for one in kept), *known.body]
    yield from (made, call)


def _needed(body: Sequence[ast.stmt], names: frozenset[str]) -> list[ast.stmt]:
    """What binds the names at the top of a file, and what that needs; never a fixture."""
    kept: set[ast.stmt] = set()
    wanted = set(names)
    others = [s for s in body if not any(map(_is_fixture, getattr(s, "decorator_list", ())))]
    while more := [s for s in others if s not in kept and bound(s) & wanted]:
        kept.update(more)
        for stmt in more:
            wanted |= needed(ast.unparse(stmt))
    return [stmt for stmt in others if stmt in kept]


def _bare(node: ast.FunctionDef) -> ast.FunctionDef:
    """Without decorator and annotations, which may name what is not there."""
    made = copy.deepcopy(node)
    made.decorator_list, made.returns = [], None
    for arg in made.args.args:
        arg.annotation = None
    return made


def _gives_once(node: ast.FunctionDef) -> bool:
    return any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(node))
