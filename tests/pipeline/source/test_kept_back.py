"""Of three examples or more the model is not shown one, and its answer must hold for it too."""

from __future__ import annotations

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Status, Task
from pipeline.engine import solve
from pipeline.models.api import Completion, ModelInfo, Request
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.kept_back import with_one_kept_back
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox, VerdictKind
from sandbox.verdicts import run_tests

SQUARE = '''def f(n):
    """The square of n.

    >>> f(3)
    9
    >>> f(-12)
    144
    >>> f(5)
    25

    It is never negative.
    """
'''
PROSE = '''def f(word):
    """Whether a word is long.

    Examples:
    - f("ab") == False
    - f("abcdef") == True
    - f("abc") == False since three letters are few, and so the word is not called long
    - f("hippopotamus") == True
    """
'''
STATE = '''class Pile:
    """A pile.

    >>> pile = Pile()
    >>> pile.f(1)
    1
    >>> pile.f(2)
    3
    """

    def __init__(self):
        self.sum = 0

    def f(self, n):
        """Add.

        >>> pile = Pile()
        >>> pile.f(1)
        1
        >>> pile.f(2)
        3
        """
'''
WRONG = SQUARE + "    return n + n\n"
RIGHT = "    return n * n\n"
COPIED = "    return {3: 9, 5: 25}.get(n, n)\n"
CHAT = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, prompts="chat")
TRAINED = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, prompts="trained")


def task_of(source: str, name: str = "f") -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, name))


def kept(source: str, name: str = "f") -> str:
    task = task_of(source, name)
    told, call = with_one_kept_back(task, None)
    assert told.visible == task.visible
    assert told.statement == task.statement
    assert (call == "") == (told.told(task.statement) == task.statement)
    return call


def test_one_from_the_middle_is_kept_and_nothing_else_is_touched():
    task, call = with_one_kept_back(task_of(SQUARE), None)
    assert call == "f(-12)"
    told = task.told(task.statement)
    assert told == SQUARE.replace("    >>> f(-12)\n    144\n", "")
    assert told in task.shown


@pytest.mark.parametrize(
    ("source", "call"),
    [
        (PROSE, "f('abcdef')"),
        (SQUARE.replace("    >>> f(5)\n    25\n", ""), ""),
        (SQUARE.replace("    >>> f(5)\n    25\n", "    >>> f(-12)\n    144\n"), "f(3)"),
        (SQUARE.replace("144", "None"), "f(5)"),
        (SQUARE.replace("    >>> f(3)\n", "    >>> n = 1\n    >>> f(3)\n"), ""),
    ],
    ids=["prose", "two examples", "twice the same", "the only one of its kind", "state before it"],
)
def test_which_one_is_kept(source: str, call: str):
    assert kept(source) == call


def test_an_example_that_depends_on_others_stays():
    assert kept(STATE, "Pile.f") == ""


async def asked(
    box: Sandbox, source: str, answers: list[str], info: ModelInfo, **settings: bool
) -> tuple[list[str], Status, tuple[str, ...]]:
    """What the model was shown, the status, and the evidence."""
    shown: list[str] = []

    def says(request: Request, index: int) -> str | Completion:
        shown.append("".join(m.content for m in request.messages) + request.prefill)
        return f"```python\ndef f(n):\n{answers[min(len(shown), len(answers)) - 1]}```"

    off = Settings(mechanical=False, plan_search=False, lens=False, self_tests=False, **settings)
    ctx = Context(model=ScriptedModel(says, info=info), sandbox=box, settings=off)
    solution = await solve(ctx, task_of(source))
    return shown, solution.status, solution.evidence


@pytest.mark.parametrize("info", [CHAT, TRAINED], ids=["chat", "trained"])
@pytest.mark.parametrize("source", [SQUARE, WRONG], ids=["stub", "wrong"])
@pytest.mark.asyncio(loop_scope="session")
async def test_no_first_prompt_holds_it_and_the_right_answer_holds_it(
    box: Sandbox, info: ModelInfo, source: str
):
    shown, status, evidence = await asked(box, source, [RIGHT], info)
    assert shown
    assert not [text for text in shown if "f(-12)" in text or "144" in text]
    assert all("It is never negative." in text for text in shown)
    assert status is Status.VERIFIED
    assert "holds for `f(-12)` too, which the model was not shown" in evidence


@pytest.mark.asyncio(loop_scope="session")
async def test_an_answer_made_for_what_it_was_shown_is_not_verified(box: Sandbox):
    """And what it fails on is shown to the repair that follows."""
    shown, status, evidence = await asked(box, SQUARE, [COPIED], CHAT)
    assert status is not Status.VERIFIED
    assert "which the model was not shown" not in " ".join(evidence)
    first = next(i for i, text in enumerate(shown) if "f(-12)" in text)
    assert first > 0
    assert "fails" in shown[first]


@pytest.mark.asyncio(loop_scope="session")
async def test_it_is_judged_as_all_others(box: Sandbox):
    told, _ = with_one_kept_back(task_of(SQUARE), None)
    (verdict,) = await run_tests(box, told.program(SQUARE + COPIED), told.tests)
    assert verdict.kind is VerdictKind.WRONG_ANSWER
    assert "144" in verdict.detail


@pytest.mark.asyncio(loop_scope="session")
async def test_without_the_switch_all_are_shown(box: Sandbox):
    shown, status, _ = await asked(box, SQUARE, [RIGHT], CHAT, keep_back=False)
    assert all("f(-12)" in text for text in shown)
    assert status is Status.VERIFIED


@pytest.mark.asyncio(loop_scope="session")
async def test_the_failure_that_is_shown_is_never_the_one_that_is_kept(box: Sandbox):
    """f(0) passes as it stands, so that the first failure is the one in the middle."""
    source = WRONG.replace("f(3)\n    9", "f(0)\n    0")
    shown, _, evidence = await asked(box, source, [RIGHT], CHAT)
    assert any("144" in text for text in shown)
    assert not [text for text in shown if "f(5)" in text]
    assert "holds for `f(5)` too, which the model was not shown" in evidence
