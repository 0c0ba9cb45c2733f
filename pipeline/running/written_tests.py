"""What the text of the project's tests says: their source for prompts, and calls with inputs."""

from __future__ import annotations

import ast
import itertools
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.core.reach import base_id
from pipeline.inputs.callers import written_calls
from pipeline.inputs.target import NotCallable, target_of
from pipeline.source.locate import FunctionSite
from pipeline.syntax.text import Document, parse
from sandbox.api import Call, CallSeen, TestSeen, World

MOST_CALLS = 60
"""That are read out of one test file, or taken from those that tests were seen to make."""
LONGEST = 200
"""Characters of a call that was seen."""


def calls_in(
    world: World, document: Document, site: FunctionSite, kept: Sequence[TestSeen]
) -> Iterator[Call]:
    """Of a function of the module; a method needs an object that nobody here knows how to make."""
    if site.owner != "module":
        return
    try:
        target = target_of(document, site)
    except NotCallable:
        return
    for path in dict.fromkeys(test.node_id.partition("::")[0] for test in kept):
        tree = parse(world.files.get(path, b"").decode("utf-8", "replace"))
        found = written_calls(tree, target) if tree else ()
        yield from (one.call for one in itertools.islice(found, MOST_CALLS))


def calls_seen(recorded: Sequence[CallSeen]) -> Iterator[Call]:
    """Of the recorded calls those with plain and short arguments."""
    short = (c.form for c in recorded if isinstance(c.form, Call) and len(c.shown) <= LONGEST)
    yield from itertools.islice(short, MOST_CALLS)


def sources_of(world: World, kept: Sequence[TestSeen]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    trees: dict[str, _TestFile] = {}
    for name in dict.fromkeys(base_id(test.node_id) for test in kept):
        path, _, inner = name.partition("::")
        if path not in trees:
            trees[path] = _TestFile.of(world.files.get(path, b"").decode("utf-8", "replace"))
        if text := trees[path].source(inner.split("::")):
            found[name] = text
    return found


@dataclass(frozen=True, kw_only=True)
class _TestFile:
    lines: tuple[str, ...]
    body: tuple[ast.stmt, ...] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> _TestFile:
        tree = parse(text)
        return cls(lines=tuple(text.splitlines()), body=tuple(tree.body) if tree else ())

    def source(self, names: Sequence[str]) -> str:
        """Of a test function, with its decorators; "" where it is not plainly there."""
        body: Sequence[ast.stmt] = self.body
        for name in names:
            kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
            node = next((s for s in body if isinstance(s, kinds) and s.name == name), None)
            if node is None:
                return ""
            body = node.body
        if not names or isinstance(node, ast.ClassDef):
            return ""
        assert node is not None
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        return textwrap.dedent("\n".join(self.lines[first - 1 : node.end_lineno]))
