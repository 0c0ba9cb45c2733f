"""What a task says beside its code: values, kinds of arguments, numbers and letters of the text."""

from __future__ import annotations

import ast
import doctest
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.core.task import Task
from pipeline.edits.edits import Hints
from pipeline.edits.scope import Function, kind_of_value
from pipeline.syntax.text import literal_of, parse
from sandbox.api import Call, Returns, Test

LONGEST_VALUE = 12
USUAL = ("None", "0", "[]", "False", "True", "-1", "1", "''")
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?:\.\d{1,3})?(?![\w.]|\.\d)")
_QUOTED = re.compile(r"""(?<!\w)(?:"([^"\n]{1,12})"|'([^'\n]{1,12})')(?!\w)""")
_EXAMPLE = re.compile(r"\s*(?:>>>|[\[({]|(?:in|out)put\b.*[:=])|.*(?:[=-]+>|➞|→|⇒)", re.I)
_WORDS = {"three": "3", "four": "4", "five": "5", "six": "6", "ten": "10", "hundred": "100"}


def hints_of(task: Task, code: str) -> Hints:
    """Hints for `edits_of(code)`."""
    tree = parse(code)
    functions = [n for n in tree.body if isinstance(n, Function)] if tree else []
    function = functions[-1] if functions else None
    text = ast.get_docstring(function) or "" if function else ""
    constants = _constants(text or ("" if function else task.statement))
    return Hints(
        returns=_returns(task.examples, frozenset(constants)),
        kinds=_kinds(function, task.calls) if function else {},
        constants=constants,
        words=frozenset(re.findall(r"[a-z]+", _prose(text).lower())),
    )


def _returns(tests: Sequence[Test], named: frozenset[str]) -> tuple[str, ...]:
    """Short values that examples want more than once, then the usual ones of the same kind.

    What just one example wants is left out, unless it is usual or a word that the prose quotes: to
    return it would be to special-case that example.
    """
    wanted = [t.expect.value for t in tests if isinstance(t.expect, Returns)]
    kinds = {_kind(value) for value in wanted}
    usual = [t for t in USUAL if (read := literal_of(t)) and _kind(read.value) in kinds]
    often = Counter(map(repr, wanted))
    labels = [t for t, n in often.items() if n > 1 or t in USUAL or (t in named and "'" in t)]
    texts = [*labels, *usual, "None"]
    return tuple(dict.fromkeys(t for t in texts if len(t) <= LONGEST_VALUE))[:8]


def _kind(value: object) -> str:
    return kind_of_value(value).partition("[")[0]


def _kinds(
    function: ast.FunctionDef | ast.AsyncFunctionDef, calls: Sequence[Call]
) -> dict[str, str]:
    spec = function.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args) if a.arg not in ("self", "cls")]
    seen: dict[str, set[str]] = {}
    for call in calls:
        for name, value in (*zip(names, call.args, strict=False), *call.kwargs.items()):
            seen.setdefault(name, set()).add(kind_of_value(value))
    return {name: _common(kinds) for name, kinds in seen.items()}


def _common(kinds: set[str]) -> str:
    """The kind that covers all; "" where there is none."""
    bases = {kind.partition("[")[0] for kind in kinds}
    if len(bases) != 1:
        return ""
    inner = {kind for kind in kinds if "[" in kind}
    return inner.pop() if len(inner) == 1 else bases.pop()


def _constants(text: str) -> tuple[str, ...]:
    """Numbers and short quoted texts of the prose, the most frequent kinds of hint first."""
    return tuple(dict.fromkeys(_all_constants(_prose(text))))[:14]


def _prose(text: str) -> str:
    """The text without doctests and without lines that look like examples."""
    try:
        parts = doctest.DocTestParser().parse(text)
    except ValueError:
        parts = [text]
    plain = "".join(part for part in parts if isinstance(part, str))
    return "\n".join(line for line in plain.splitlines() if not _is_example(line))


def _is_example(line: str) -> bool:
    return _EXAMPLE.match(line) is not None


def _all_constants(prose: str) -> Iterator[str]:
    yield from (repr(found.group(1) or found.group(2)) for found in _QUOTED.finditer(prose))
    yield from (found.group() for found in _NUMBER.finditer(prose))
    yield from (number for word, number in _WORDS.items() if word in prose.lower())
