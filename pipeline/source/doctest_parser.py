"""Examples of a text as doctest reads them, and as people write them for other runners.

Flags of plugins refuse nothing, a closing Markdown fence ends an example, and a statement whose
every line has a `>>>` (xdoctest) is one example.
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.syntax.text import parse
from sandbox.checker import flag_of

_DIRECTIVE = re.compile(r"#\s*(?:x?doctest|xdoc):\s*([^\n'\"]*)$", re.MULTILINE)
_FLAG = re.compile(r"([+-])\s*([A-Za-z_]\w*)(\([^)]*\))?")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.#{-]*).*$", re.MULTILINE)
_SKIPPING = frozenset({"SKIP", "REMOTE_DATA", "REQUIRES"})
"""What is only run when a runner is asked for it."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """The examples of a text, and the flags in it that mean nothing here."""

    examples: tuple[doctest.Example, ...]
    unknown: tuple[str, ...] = ()


def read_examples(text: str, name: str = "") -> Read:
    """All examples in order; `lineno` counts from 0. Raises ValueError as doctest does."""
    parser = _Parser()
    found = parser.get_examples(text, name)
    examples = tuple(_joined(_without_fence(text, one) for one in found))
    return Read(examples=examples, unknown=tuple(dict.fromkeys(parser.unknown)))


class _Parser(doctest.DocTestParser):
    """Takes every option flag, and remembers those that it does not know."""

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def _find_options(self, source: str, name: str, lineno: int) -> dict[int, bool]:
        options: dict[int, bool] = {}
        for directive in _DIRECTIVE.findall(source):
            for sign, flag, _ in _FLAG.findall(directive):
                bit = doctest.SKIP if flag in _SKIPPING else flag_of(flag)
                if bit is None:
                    self.unknown.append(flag)
                else:
                    options[bit] = sign == "+"
        return options


def _without_fence(text: str, example: doctest.Example) -> doctest.Example:
    """The example without a closing fence that doctest takes for the last line of its output."""
    closing = _FENCE.search(example.want)
    if closing is None or closing[2]:
        return example
    lines = text.split("\n")
    above = "\n".join(lines[: example.lineno])
    if len(_FENCE.findall(above)) % 2 == 0:
        return example
    return _changed(example, example.source, example.want[: closing.start()])


def _joined(examples: Iterator[doctest.Example]) -> Iterator[doctest.Example]:
    """Neighbours that are one statement written with `>>>` before each line."""
    todo: list[doctest.Example] = []
    for example in examples:
        todo.append(example)
        if example.want == "" and _is_begun("".join(e.source for e in todo)):
            continue
        yield from _merged(todo)
        todo = []
    yield from todo


def _is_begun(source: str) -> bool:
    """It does not parse, and more lines could mend that."""
    if parse(source) is not None:
        return False
    opened = sum(source.count(c) for c in "([{") > sum(source.count(c) for c in ")]}")
    return opened or source.rstrip().endswith((":", "\\")) or source.count('"""') % 2 == 1


def _merged(examples: Sequence[doctest.Example]) -> Iterator[doctest.Example]:
    source = "".join(example.source for example in examples)
    if len(examples) == 1 or parse(source) is None:
        yield from examples
        return
    first = _changed(examples[0], source, examples[-1].want)
    first.options = {k: v for example in examples for k, v in example.options.items()}
    yield first


def _changed(example: doctest.Example, source: str, want: str) -> doctest.Example:
    return doctest.Example(
        source,
        want,
        exc_msg=example.exc_msg,
        lineno=example.lineno,
        indent=example.indent,
        options=example.options,
    )
