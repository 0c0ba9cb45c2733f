"""Where the tests of a module are, or go: by the names and the imports of the project's files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.storage.foreign import foreign_bytes
from pipeline.syntax.text import Document, SourceError, document_from_bytes, parse

ROOT_SIGNS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", ".git", ".hg")
TEST_FOLDERS = ("tests", "test")
MOST_FILES = 2000


@dataclass(frozen=True, kw_only=True)
class TestFile:
    """Where the tests of a module go."""

    __test__ = False

    path: Path
    document: Document | None
    """None when the file is yet to be made."""
    module: str
    """The module under test as its tests import it: `pkg.mod`."""


def test_file_for(source: Path) -> TestFile:
    """The file that tests the module `source` now, else the one that should by its neighbours."""
    place = source.resolve()
    root = project_root(place)
    module = module_name(place, root)
    found = _existing(place, root, module)
    if found is None:
        folders = (root / name for name in TEST_FOLDERS if (root / name).is_dir())
        found = next(folders, place.parent) / f"test_{place.stem}.py"
    document = _read(found) if found.is_file() else None
    return TestFile(path=_as_named(found, source), document=document, module=module)


test_file_for.__test__ = False  # type: ignore[attr-defined]


def _as_named(path: Path, source: Path) -> Path:
    """Relative where the source was named so."""
    here = Path.cwd()
    return path.relative_to(here) if not source.is_absolute() and here in path.parents else path


def project_root(source: Path) -> Path:
    """The nearest folder above with a sign of a project; else the top of the module's package."""
    for folder in source.parents:
        if any((folder / sign).exists() for sign in ROOT_SIGNS):
            return folder
    folder = source.parent
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


def module_name(source: Path, root: Path) -> str:
    """`pkg.mod` for `src/pkg/mod.py`; packages are followed up to the first folder that is none."""
    parts = [] if source.stem == "__init__" else [source.stem]
    folder = source.parent
    while (folder / "__init__.py").exists() and folder != root and folder.parent != folder:
        parts.insert(0, folder.name)
        folder = folder.parent
    if len(parts) == 1 and folder not in (root, root / "src", root / "lib"):
        # A namespace package, without __init__.py.
        inside = folder.relative_to(root).parts
        parts = [*(inside[1:] if inside[:1] in (("src",), ("lib",)) else inside), *parts]
    return ".".join(parts)


def has_tests(source: Path) -> bool:
    """Whether the project keeps tests in files of their own."""
    path = test_file_for(source).path
    return path.exists() or path.parent.name in TEST_FOLDERS


def _existing(source: Path, root: Path, module: str) -> Path | None:
    names = (f"test_{source.stem}.py", f"{source.stem}_test.py")
    files = list(test_files(root))
    named = [path for path in files if path.name in names]
    if named:
        return max(named, key=lambda path: _shared(path, source))
    importing = [path for path in files if _imports(path, module)]
    return max(importing, key=lambda path: _shared(path, source)) if importing else None


def _shared(one: Path, other: Path) -> tuple[int, int]:
    """Names of folders that two paths share, then shallow before deep."""
    return len(set(one.parts) & set(other.parts)), -len(one.parts)


def test_files(root: Path) -> Iterator[Path]:
    seen = 0
    stack = [root]
    while stack and seen < MOST_FILES:
        try:
            entries = sorted(stack.pop().iterdir())
        except OSError:
            # A buffer of an editor may lie where no folder is.
            continue
        for path in entries:
            seen += 1
            if path.is_dir() and not path.is_symlink():
                if not path.name.startswith((".", "_")) and path.name not in _SKIPPED:
                    stack.append(path)
            elif (path.name.startswith("test_") and path.suffix == ".py") or path.name.endswith(
                "_test.py"
            ):
                yield path


_SKIPPED = {"node_modules", "venv", "build", "dist", "site-packages", "env"}


def _imports(path: Path, module: str) -> bool:
    document = _read(path)
    tree = parse(document.plain) if document else None
    for node in tree.body if tree else ():
        if isinstance(node, ast.ImportFrom) and node.module == module:
            return True
        if isinstance(node, ast.Import) and any(alias.name == module for alias in node.names):
            return True
    return False


def _read(path: Path) -> Document | None:
    try:
        return document_from_bytes(foreign_bytes(path), path.as_posix())
    except (OSError, SourceError):
        return None
