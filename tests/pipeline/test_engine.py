"""The engine's promises, with scripted answers and a real sandbox."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.events import (
    Answered,
    CandidateJudged,
    Decided,
    Event,
    Prompted,
    StageEnded,
    StageStarted,
)
from pipeline.core.task import Solution, Status, Task
from pipeline.engine import solve
from pipeline.models.api import Completion, ModelInfo, OnDone, OnToken, Request
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Job, Observation, Outcome, Sandbox
from tests.hopeless import EXAMPLES

pytestmark = pytest.mark.asyncio(loop_scope="session")

STUB = '''def double(n):
    """Twice n.

    >>> double(2)
    4
    >>> double(-3)
    -6
    """
'''
WRONG = STUB + "    return n ** 2\n"
UNDOCUMENTED = 'def double(n):\n    """Twice n."""\n'
PLAIN = Settings(plan_search=False, mechanical=False, thinking_tokens=0, repair=False, seed=0)

SMALL = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=14_000_000_000)


def answer(body: str) -> str:
    return f"```python\ndef double(n):\n    {body}\n```"


def task_of(source: str) -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, "double"))


async def check(
    box: Sandbox, source: str, answers: list[str], settings: Settings = PLAIN, **more: object
) -> tuple[Solution, list[Event]]:
    events: list[Event] = []
    ctx = Context(
        model=ScriptedModel([answer(a) if "return" in a else a for a in answers], info=SMALL),
        sandbox=box,
        settings=settings,
        emit=events.append,
        **more,  # type: ignore[arg-type]
    )
    return await solve(ctx, task_of(source)), events


async def test_a_probe_that_passes_every_example_ends_the_job(box: Sandbox):
    solution, events = await check(box, STUB, ["return 2 * n"])
    assert solution.status is Status.VERIFIED
    assert solution.stages == ("probe",)
    assert solution.chosen is not None
    assert solution.chosen.n_passed == 2
    assert [e.stage for e in events if isinstance(e, StageStarted)] == ["probe"]


async def test_a_failed_probe_is_followed_by_k_candidates(box: Sandbox):
    answers = ["return n ** 2", "return n", "return n + n", "return 4"]
    solution, _ = await check(box, STUB, answers)
    assert solution.status is Status.VERIFIED
    assert solution.stages == ("probe", "generate")
    assert solution.chosen is not None
    assert "n + n" in solution.chosen.candidate.code
    assert len(solution.rejected) == 2, "what came after the proof was not waited for"


async def test_a_batch_is_judged_whole_where_that_is_set(box: Sandbox):
    answers = ["return n ** 2", "return n", "return n + n", "return 4"]
    whole = dataclasses.replace(PLAIN, first_proof=False)
    solution, _ = await check(box, STUB, answers, whole)
    assert solution.status is Status.VERIFIED
    assert len(solution.rejected) == 3


class OneByOne(ScriptedModel):
    """Each answer comes when the one before it has been judged; the last one never."""

    def __init__(self, answers: list[str], judged: Callable[[], int]) -> None:
        super().__init__(answers, info=SMALL)
        self._answers = answers
        self._judged = judged
        self.n_cancelled = 0

    async def complete(
        self,
        requests: Sequence[Request],
        *,
        on_token: OnToken | None = None,
        on_done: OnDone | None = None,
    ) -> tuple[Completion, ...]:
        before = self._judged()
        for index, _ in enumerate(requests):
            while self._judged() < before + index:  # noqa: ASYNC110 - a list has no event
                await asyncio.sleep(0.001)
            if not self._answers:
                self.n_cancelled += 1
                await asyncio.Event().wait()
            if on_token:
                on_token(index, "x")
            if on_done:
                on_done(index, self._complete(requests[index], self._answers.pop(0)))
        return ()


async def test_the_first_proof_ends_what_is_still_written(box: Sandbox):
    events: list[Event] = []
    model = OneByOne(
        [answer("return n ** 2"), answer("return n"), answer("return n + n")],
        lambda: sum(isinstance(e, CandidateJudged) for e in events),
    )
    ctx = Context(model=model, sandbox=box, settings=PLAIN, emit=events.append)
    solution = await solve(ctx, task_of(STUB))
    assert solution.status is Status.VERIFIED
    assert len(solution.rejected) == 2
    told = [type(e).__name__ for e in events if isinstance(e, Answered | CandidateJudged)]
    assert told == ["Answered", "CandidateJudged"] * 3
    assert ctx.ledger.answer_tokens == 3 * len(answer("return n + n").split()) - 2


class Stalling(ScriptedModel):
    """Gives its first answer, and no other."""

    n_asked = 0

    async def complete(
        self, requests: Sequence[Request], **hooks: object
    ) -> tuple[Completion, ...]:
        if self.n_asked:
            await asyncio.Event().wait()
        self.n_asked += 1
        return await super().complete(requests, **hooks)  # type: ignore[arg-type]


async def test_a_time_limit_keeps_the_best_so_far(box: Sandbox):
    ctx = Context(
        model=Stalling([answer("return n + 2")], info=SMALL),
        sandbox=box,
        settings=dataclasses.replace(PLAIN, timeout_s=2.0),
    )
    solution = await solve(ctx, task_of(STUB))
    assert solution.status is Status.UNVERIFIED
    assert solution.chosen is not None
    assert "n + 2" in solution.chosen.candidate.code
    assert "the time limit of 2 s was reached" in solution.evidence


async def test_a_wrong_function_is_never_shown_as_one_to_be_written(box: Sandbox):
    answers = ["return n ** 3", "return n ** 4", *["return n ** 5"] * 3]
    _, events = await check(box, WRONG, answers)
    prompts = [e for e in events if isinstance(e, Prompted)]
    again, mended = prompts[:2]
    assert "n ** 2" not in again.prompt + again.prefill
    assert "n ** 2" in mended.prompt
    assert "n ** 2" not in mended.prefill
    assert all("expected" in prompt.prompt for prompt in prompts)


async def test_all_prompts_about_a_function_begin_alike(box: Sandbox):
    plans = '{"plans": ["a", "b", "c"]}'
    settings = dataclasses.replace(PLAIN, plan_search=True, repair=True, repair_rounds=1)
    answers = ["return n ** 3", "return n ** 4", plans, *["return n ** 5"] * 9]
    _, events = await check(box, WRONG, answers, settings)
    prompts = [e.prompt for e in events if isinstance(e, Prompted)]
    assert len(prompts) >= 6
    assert all(prompt.startswith(f"```python\n{STUB}") for prompt in prompts)


async def test_nothing_that_fails_a_visible_test_is_called_verified(box: Sandbox):
    solution, _ = await check(box, STUB, ["return 4", "return 5", "return n", "return 0"])
    assert solution.status is Status.UNVERIFIED
    assert any("still fails" in line for line in solution.evidence)


async def test_without_doctests_the_status_is_at_best_consistent(box: Sandbox):
    solution, _ = await check(box, UNDOCUMENTED, ["return 2 * n"] * 4)
    assert solution.status in (Status.UNVERIFIED, Status.CONSISTENT)
    assert any("no doctest" in line for line in solution.evidence)


async def test_repair_is_shown_the_failing_example(box: Sandbox):
    settings = dataclasses.replace(PLAIN, repair=True, repair_rounds=1, probe=False, k=1)
    answers = ["return n ** 2", "return n * 2", "return n"]
    solution, events = await check(box, STUB, answers, settings)
    assert solution.status is Status.VERIFIED
    assert solution.stages == ("generate", "repair")
    prompts = [e.prompt for e in events if type(e).__name__ == "Prompted" and e.stage == "repair"]
    assert any("-6" in prompt and "9" in prompt for prompt in prompts)


async def test_mechanical_repair_costs_no_tokens(box: Sandbox):
    settings = dataclasses.replace(PLAIN, mechanical=True, agreement=False)
    solution, _ = await check(box, WRONG, [], settings)
    assert solution.status is Status.VERIFIED
    assert solution.stages == ("mechanical",)
    assert solution.ledger is not None
    assert solution.ledger.model_calls == 0


async def test_a_function_that_passes_already_is_left_alone(box: Sandbox):
    solution, _ = await check(box, STUB + "    return n + n\n", [])
    assert solution.status is Status.NONE
    assert "already passes" in solution.evidence[0]


async def test_an_empty_token_budget_is_a_value(box: Sandbox):
    settings = dataclasses.replace(PLAIN, token_budget=0)
    solution, _ = await check(box, STUB, [], settings)
    assert solution.status is Status.NONE


async def test_stop_keeps_the_best_so_far(box: Sandbox):
    stop = asyncio.Event()

    def until_generate(request: object, index: int) -> str:
        if index >= 1:
            stop.set()
        return answer("return n")

    events: list[Event] = []
    ctx = Context(
        model=ScriptedModel(until_generate),
        sandbox=box,
        settings=PLAIN,
        emit=events.append,
        keep_best=stop,
    )
    solution = await solve(ctx, task_of(STUB))
    assert solution.status is Status.UNVERIFIED
    assert solution.chosen is not None


class BrokenSandbox:
    """Keeps the Protocol; every run breaks."""

    kind = "broken"
    isolation = ()

    async def start(self) -> None: ...

    async def run(self, jobs: list[Job], *, group: str = "") -> tuple[Observation, ...]:
        broken = Observation(outcome=Outcome.SANDBOX_ERROR, detail="the daemon went away")
        return tuple(broken for _ in jobs)

    async def aclose(self) -> None: ...


async def test_a_sandbox_failure_is_no_evidence_against_a_candidate():
    solution, _ = await check(BrokenSandbox(), STUB, ["return 2 * n"] * 4)  # type: ignore[arg-type]
    assert solution.status is Status.UNVERIFIED
    assert any("could not run" in line for line in solution.evidence)


async def test_every_stage_that_is_switched_on_says_what_it_did(box: Sandbox):
    settings = dataclasses.replace(
        PLAIN, plan_search=True, repair=True, mechanical=True, mechanical_runs=80
    )
    plans = '{"plans": ["add n to itself", "use a table of squares", "shift by one bit"]}'
    plans = [plans] * 2  # The first is no list of observations.
    answers = ["return n ** 3"] * 2 + [*plans, *["return n ** 4"] * 3, *["return n ** 5"] * 6]
    source = WRONG.replace("    >>> double(2)\n    4\n", EXAMPLES.replace("f(", "double("))
    _, events = await check(box, source, answers, settings)
    started = {e.stage for e in events if isinstance(e, StageStarted)}
    ended = {e.stage: e for e in events if isinstance(e, StageEnded)}
    assert {"mechanical", "probe", "generate", "repair"} <= started
    assert started <= set(ended)
    assert all(ended[stage].detail for stage in started)
    assert ended["plan_search"].acted
    policy = [e for e in events if isinstance(e, Decided) and e.what == "policy"]
    assert [e.numbers["round"] for e in policy] == [0], "a round that brings nothing is the last"
