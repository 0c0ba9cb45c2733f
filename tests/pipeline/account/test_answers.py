"""A question to the user: what either answer offers, run in the sandbox with one example more."""

from __future__ import annotations

import doctest
import types

import pytest

from pipeline.core.context import Settings
from pipeline.core.task import Status
from pipeline.job import JobResult, run_job
from pipeline.models.scripted import ScriptedModel
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.wiring import Runtime
from sandbox.api import Sandbox

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.docker]
HEAD = '"""🚀 A module."""\r\n\r\n\r\n'
TAIL = '\r\n\r\nNAME = "untouched"\r\n'
MIDDLE = '''\
def middle(low, high):
    """A number in the middle.

    >>> middle(2, 4)
    3
    """
    return low + high - 2
'''.replace("\n", "\r\n")
METHOD = '''\
class Scale:
    def __init__(self):
        self.unit = 1

    def up(self, n):
        r"""One unit more; \\d is no escape.

        >>> Scale().up(2)
        3
        """
        return n - self.unit
'''


async def job(box: Sandbox, text: str, name: str, *, ask: bool = True) -> JobResult:
    """Mechanical repair and its question; the model is not needed and says nothing."""
    document = document_from_bytes(text.encode(), "m.py")
    model = ScriptedModel(lambda _request, _n: "")
    settings = Settings(ask=ask, probe=False, repair=False, k=1, plan_search=False, lens=False)
    return await run_job(
        Runtime(model=model, sandbox=box), document, find_function(document, name), settings
    )


def failures(text: str) -> tuple[int, int]:
    """(failed, tried) doctests of the module; the code is ours with one small edit."""
    module = types.ModuleType("answered")
    exec(text, module.__dict__)
    found = doctest.testmod(module)
    return found.failed, found.attempted


async def test_each_answer_is_an_edit_with_one_example_more(box: Sandbox):
    found = await job(box, HEAD + MIDDLE + TAIL, "middle")
    question = found.solution.question
    assert question is not None
    assert [output for output, _ in found.answers] == list(question.outputs)
    for output, answer in found.answers:
        text = answer.new_text
        assert text is not None
        assert text.startswith(HEAD)
        assert text.endswith(TAIL)
        assert f">>> {question.source}\r\n    {output}\r\n" in text
        assert text.count("\n") == text.count("\r\n")
        assert failures(text) == (0, 2)
        best = answer.solution.chosen
        assert best is not None
        assert best.passes
        assert best.n_visible == 2
        assert question.source in answer.solution.evidence[0]
        assert answer.solution.question is None
    one, other = (answer.new_text for _, answer in found.answers)
    assert one != other


async def test_an_answer_that_varies_what_is_wanted_settles_that_doubt(box: Sandbox):
    found = await job(box, MIDDLE, "middle")
    assert found.solution.status is Status.UNVERIFIED
    assert any("want the same" in line for line in found.solution.evidence)
    for output, answer in found.answers:
        assert output != "3"
        assert answer.solution.status is Status.VERIFIED
        assert not any("want the same" in line for line in answer.solution.evidence)


async def test_a_raw_docstring_of_a_method_is_added_to_or_nothing_is_asked(box: Sandbox):
    found = await job(box, METHOD, "Scale.up")
    for _, answer in found.answers:
        assert answer.new_text is not None
        assert r"\d is no escape" in answer.new_text
        assert failures(answer.new_text)[0] == 0
    assert found.new_text is not None


async def test_nobody_is_asked_where_nobody_answers(box: Sandbox):
    found = await job(box, MIDDLE, "middle", ask=False)
    assert found.solution.question is None
    assert found.answers == ()


LARGEST = '''\
def largest(xs):
    """The largest number.

    >>> largest([3, 1, 2])
    3
    >>> largest([5])
    5
    """
    best = 0
    for x in xs:
        if x < best:
            best = x
    return best
'''


async def test_survivors_that_do_the_same_raise_no_question(box: Sandbox):
    found = await job(box, LARGEST, "largest")
    assert len(found.solution.survivors) > 1
    assert found.solution.question is None
    assert found.answers == ()
    assert found.solution.status is Status.VERIFIED


UNDOCUMENTED = '\ndef longest(words):\n    """The longest of the words."""\n'
FIRST = "return max(words, key=len, default=None)"
ALSO_FIRST = "return sorted(words, key=len)[::-1][0] if len(words) == 1 else max(words, key=len)"
SHORTEST = "return min(words, key=len, default=None)"


async def written(box: Sandbox, text: str, bodies: list[str], *, ask: bool) -> JobResult:
    """A model that gives these bodies one after the other; nothing else makes candidates."""
    document = document_from_bytes(text.encode(), "m.py")
    site = find_function(document, "longest")
    rest = iter(bodies)
    model = ScriptedModel(
        lambda _request, _n: f"```python\ndef longest(words):\n    {next(rest)}\n```"
    )
    settings = Settings(
        ask=ask, probe=False, repair=False, mechanical=False, plan_search=False, judge=False
    )
    return await run_job(Runtime(model=model, sandbox=box), document, site, settings)


async def test_without_any_example_most_votes_win_and_the_answer_is_the_first_one(box: Sandbox):
    bodies = [SHORTEST, FIRST, "return max(words, key=len) if words else None"]
    found = await written(box, UNDOCUMENTED, bodies, ask=True)
    solution = found.solution
    assert solution.chosen is not None
    assert "max" in solution.chosen.candidate.code
    assert solution.status is Status.UNVERIFIED
    assert any("2 of 3 candidates agree on" in line for line in solution.evidence)
    assert solution.question is not None
    assert len(found.answers) == 2
    for output, answer in found.answers:
        assert answer.new_text is not None
        assert f">>> {solution.question.source}\n    {output}\n" in answer.new_text
        assert failures(answer.new_text) == (0, 1)
        assert ("max(" in answer.new_text) == (output == solution.question.outputs[0])


async def test_without_any_example_nothing_is_called_verified(box: Sandbox):
    found = await written(box, UNDOCUMENTED, [FIRST, ALSO_FIRST, FIRST], ask=False)
    assert found.solution.chosen is not None
    assert found.solution.status is Status.UNVERIFIED
