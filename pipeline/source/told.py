"""The examples of a document (README, docs) that speak of one function and can stand alone."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from pipeline.source.names import BUILTINS, bound, needed
from pipeline.syntax.text import parse

_QUIET = re.compile(r"^\s*(```.*|~~~.*|\.\. .*|)$")
"""Lines between examples that do not end their block: blank ones, fences, directives."""


def only_about(
    value: str,
    examples: Sequence[doctest.Example],
    known: frozenset[str],
    is_about: Callable[[Sequence[doctest.Example]], bool],
) -> str:
    """The text with every line blank but those of blocks about the function, and of imports.

    A block that needs a name which neither it, an import nor the module binds is left out: an
    earlier part of the document would have to be run for it.
    """
    lines = value.split("\n")
    imports = [one for one in examples if _binds_by_import(one.source)]
    have = known | BUILTINS | _names(imports, bound_ones=True)
    kept = list(imports)
    for whole in _blocks(examples, lines):
        block = [one for one in whole if one not in imports]
        if is_about(block) and not _names(block, bound_ones=False) - have:
            kept += block
    if len(kept) == len(imports):
        return ""
    shown = {n for one in kept for n in range(one.lineno, _end(one))}
    return "\n".join(line if n in shown else "" for n, line in enumerate(lines))


def _blocks(
    examples: Sequence[doctest.Example], lines: Sequence[str]
) -> Iterator[list[doctest.Example]]:
    block = list(examples[:1])
    for before, one in pairwise(examples):
        if not all(_QUIET.match(line) for line in lines[_end(before) : one.lineno]):
            yield block
            block = []
        block.append(one)
    if block:
        yield block


def _end(one: doctest.Example) -> int:
    return one.lineno + one.source.count("\n") + one.want.count("\n")


def _binds_by_import(source: str) -> bool:
    return bool(re.match(r"(import|from)\b", source)) and "\n" not in source.strip()


def _names(examples: Sequence[doctest.Example], *, bound_ones: bool) -> frozenset[str]:
    """What they bind, or what they need and do not bind."""
    source = "".join(one.source for one in examples)
    tree = parse(source)
    own = frozenset().union(*(bound(stmt) for stmt in tree.body)) if tree else frozenset()
    return own if bound_ones else needed(source) - own
