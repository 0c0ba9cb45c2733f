"""Where a module stands: the folder that its imports start from, and its dotted name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.world.project import Project, absolute
from pipeline.world.syntax import parsed


@dataclass(frozen=True, kw_only=True)
class Place:
    """A module's import root and name: `/p/src` and `shop.cart` for `/p/src/shop/cart.py`."""

    path: Path
    root: Path
    name: str
    is_package: bool
    """It is an `__init__.py`."""


def place_of(path: Path, project: Project, source: bytes = b"") -> Place:
    """As the project's own imports name the module.

    A folder that the project declares decides; else the outermost folder of the unbroken chain of
    `__init__.py`, or above it where the file itself imports the folder above as a package
    (a namespace package). A file in no package is a module of its own folder.
    """
    path = absolute(path)
    root = _declared(path, project) or _namespace(path, project, source) or _chain_root(path)
    parts = path.relative_to(root).with_suffix("").parts
    is_package = path.name == "__init__.py" and len(parts) > 1
    return Place(
        path=path,
        root=root,
        name=".".join(parts[:-1] if is_package else parts),
        is_package=is_package,
    )


def _declared(path: Path, project: Project) -> Path | None:
    """The longest declared root above the file, if folders below it can be packages."""
    for root in project.import_roots:
        if root in path.parents and _could_be_package(path, root):
            is_own_root = root == project.root
            if not is_own_root or _top(path, root) in project.packages:
                return root
    if project.root in path.parents and _could_be_package(path, project.root):
        top = _top(path, project.root)
        if top in project.packages and path.parent != project.root:
            return project.root
    return None


def _top(path: Path, root: Path) -> str:
    return path.relative_to(root).with_suffix("").parts[0]


def _could_be_package(path: Path, root: Path) -> bool:
    """Names all the way, and no package that hangs in the air: an `__init__.py` below a folder
    without one is fine (a namespace), the root itself must not be a package.
    """
    folders = path.relative_to(root).parent.parts
    return all(part.isidentifier() for part in folders) and not (root / "__init__.py").exists()


def _chain_root(path: Path) -> Path:
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        if not folder.name.isidentifier():
            break
        folder = folder.parent
    return folder


def _namespace(path: Path, project: Project, source: bytes) -> Path | None:
    """The folder from which the file's own absolute imports lead back to where it stands."""
    tree = parsed(source)
    chain = _chain_root(path)
    wanted = [parts for parts in map(tuple, _dotted_imports(tree)) if len(parts) > 1]
    for folder in (chain, *chain.parents):
        if folder in (project.root, folder.parent):
            return None
        if any(parts[0] == folder.name and _leads(folder.parent, parts) for parts in wanted):
            return folder.parent
    return None


def _leads(root: Path, parts: tuple[str, ...]) -> bool:
    at = root.joinpath(*parts[:2])
    return at.is_dir() or at.with_suffix(".py").is_file()


def _dotted_imports(tree: ast.Module) -> Iterator[list[str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ([*node.module.split("."), alias.name] for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
