"""The rules of a project's examples: option flags, and the fixtures that they may ask for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pipeline.core.task import Loading
from pipeline.syntax.text import Document
from pipeline.world.discover import Surroundings
from sandbox.checker import flags_of


def loading_of(document: Document, around: Surroundings) -> Loading:
    """Flags of the project's test configuration and of the module's own `testmod`; the plain
    fixtures of each `conftest.py` above the module.
    """
    names = (*around.project.options, *_testmod_flags(document))
    return Loading(
        world=around.world,
        options=flags_of(*names),
        setup=around.fixtures.setup,
        fixtures=around.fixtures.names,
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
