"""The one example that a model is not shown: an answer cannot be made for what it does not know.

It is judged like the others. What it does not cover: a model that knows the function by heart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.core.calls import VisibleTest, source_of
from pipeline.core.task import Task, n_examples
from pipeline.syntax.blanked import inner_lines
from sandbox.api import Expectation, ProjectTests, Returns, Verdict

LEAST = 3
"""With fewer a model would know too little of what is wanted."""
LONGEST_LABEL = 16
"""Letters beside an example in its line: a bullet or a label, and no sentence."""


def with_one_kept_back(task: Task, failure: Verdict | None) -> tuple[Task, str]:
    """The task whose prompts lack one example, and that example's call; as it is and "" where
    there are too few, or none stands by itself in the docstring.

    It is never the `failure` that the prompts show. One from the middle is taken first: the first
    shows what is meant, the last is often the corner case.
    """
    examples = [part for parts in task.parts for part in parts]
    told = [test for test in task.tests if not isinstance(test.form, ProjectTests)]
    if sum(map(n_examples, told)) < LEAST:
        return task, ""
    found = [(one, lines) for one in examples if (lines := _lines_of(task, one))]
    able = [(one, lines) for one, lines in found if not _shows(failure, one)]
    if not able:
        return task, ""
    one, lines = min(able, key=lambda pair: _reluctance(pair[0], examples))
    return replace(task, kept_back=lines), source_of(one.test.form)


def _reluctance(one: VisibleTest, examples: Sequence[VisibleTest]) -> tuple[bool, int]:
    """The only one of its kind comes last, then the first, then the last of the docstring."""
    end = 2 if one is examples[0] else 1 if one is examples[-1] else 0
    return _is_only_one(one, examples), end


def _is_only_one(one: VisibleTest, examples: Sequence[VisibleTest]) -> bool:
    """Whether no other example wants something of its kind."""
    return sum(_kind(one.test.expect) == _kind(other.test.expect) for other in examples) == 1


def _kind(wanted: Expectation) -> str:
    """The type of a value; of truth values and exceptions which one."""
    if not isinstance(wanted, Returns):
        return repr(wanted)
    plain = isinstance(wanted.value, bool | None)
    return repr(wanted.value) if plain else type(wanted.value).__name__


def _shows(failure: Verdict | None, one: VisibleTest) -> bool:
    if failure is None:
        return False
    if failure.failing_line is not None:
        return one.origin.endswith(f" line {failure.failing_line}")
    return failure.test_id == one.test.test_id


def _lines_of(task: Task, one: VisibleTest) -> str:
    """The lines of the docstring that hold the example and nothing else; "" for none."""
    inner, wanted = inner_lines(task.statement), one.text.split("\n")
    holds = _is if one.text.startswith(">>>") else _holds
    blocks = [inner[at : at + len(wanted)] for at in range(len(inner) - len(wanted) + 1)]
    found = [block for block in blocks if all(map(holds, block, wanted))]
    text = "".join(f"{line}\n" for block in found for line in block)
    return text if len(found) == 1 and task.statement.count(text) == 1 else ""


def _is(line: str, wanted: str) -> bool:
    return line.strip() == wanted.strip()


def _holds(line: str, wanted: str) -> bool:
    beside = line.replace(wanted, "", 1)
    return wanted in line and len(re.findall(r"\w", beside)) <= LONGEST_LABEL
