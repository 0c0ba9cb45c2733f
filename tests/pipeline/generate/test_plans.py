"""PlanSearch: what it asks, how it combines, and what a bad answer does."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.context import Context, Settings
from pipeline.core.events import Decided, Event, StageEnded
from pipeline.core.task import Task
from pipeline.generate.plans import N_SPARE, combinations, plan_search, strings_in, unlike
from pipeline.models.api import Completion, ModelInfo, Request
from pipeline.models.scripted import ScriptedModel
from sandbox.api import Sandbox

TASK = Task(task_id="t", kind="function", statement="def f(n): ...", entry_point="f")
OBSERVATIONS = ["n may be 0", "the result is even", "a table of squares would do"]
BIG = ModelInfo(name="big", backend="scripted", n_ctx=1 << 20, n_params=14_800_000_000)
SMALL = replace(BIG, name="small", n_params=1_500_000_000)
TRAINED = replace(BIG, name="trained", n_params=6_000_000, prompts="trained")


class NoSandbox:
    """Planning runs nothing."""


def run_with(model: ScriptedModel) -> tuple[Context, list[Event]]:
    events: list[Event] = []
    box: Sandbox = NoSandbox()  # type: ignore[assignment]
    settings = Settings(k=3, seed=0)
    return Context(model=model, sandbox=box, settings=settings, emit=events.append), events


def answers(plans: list[str]):
    left = iter(plans)

    def script(request: Request, _index: int) -> str:
        if "observations" in (request.json_schema or ""):
            return json.dumps({"observations": OBSERVATIONS})
        if '"plans"' in (request.json_schema or ""):
            return json.dumps({"plans": ["a loop", "a sum", "recursion"]})
        return json.dumps({"plan": next(left)})

    return script


@pytest.mark.asyncio
async def test_each_plan_is_built_on_another_combination_in_one_batch():
    model = ScriptedModel(answers(["one", "two", "three", "four", "five"]), info=BIG)
    ctx, events = run_with(model)
    assert await plan_search(ctx, TASK) == ("one", "two", "three")
    assert len(model.requests) == 1 + 3 + N_SPARE
    prompts = [request.messages[0].content for request in model.requests[1:]]
    heads = {prompt.partition("Build the plan on:")[0] for prompt in prompts}
    tails = {prompt.partition("Build the plan on:")[2] for prompt in prompts}
    assert len(heads) == 1, "what differs stands last, so that the prefix is shared"
    assert len(tails) == len(prompts)
    decided = [event for event in events if isinstance(event, Decided)]
    assert [event.choice for event in decided] == ["one", "two", "three", "four", "five"]
    assert all(set(event.numbers.values()) <= set(OBSERVATIONS) for event in decided)


@pytest.mark.asyncio
async def test_a_near_duplicate_is_replaced_by_a_spare_plan():
    plans = ["sort, then scan once", "sort, then scan once.", "use a heap", "use a table", "x"]
    ctx, _ = run_with(ScriptedModel(answers(plans), info=BIG))
    assert await plan_search(ctx, TASK) == ("sort, then scan once", "use a heap", "use a table")


@pytest.mark.asyncio
async def test_a_model_that_plans_never_helped_is_not_asked_for_any():
    model = ScriptedModel([], info=SMALL)
    ctx, events = run_with(model)
    assert await plan_search(ctx, TASK) == ()
    assert events == [
        StageEnded(
            stage="plan_search", acted=False, detail="plans bring nothing on models of this size"
        )
    ]


@pytest.mark.asyncio
async def test_a_model_that_was_trained_to_list_plans_lists_them_in_one_call():
    model = ScriptedModel(answers([]), info=TRAINED)
    ctx, _ = run_with(model)
    assert await plan_search(ctx, TASK) == ("a loop", "a sum", "recursion")
    assert len(model.requests) == 1


@pytest.mark.asyncio
async def test_unreadable_answers_leave_no_plan_and_say_so():
    ctx, events = run_with(ScriptedModel(lambda _request, _index: "no JSON at all", info=BIG))
    assert await plan_search(ctx, TASK) == ()
    assert events[-1] == StageEnded(
        stage="plan_search", acted=False, detail="no plan could be read from the answer"
    )


@given(st.integers(0, 8), st.integers(0, 12))
def test_combinations_are_new_small_and_spread(n: int, n_wanted: int):
    chosen = combinations(n, n_wanted)
    assert len(chosen) == len(set(chosen)) == min(n_wanted, n * (n - 1) // 2 + n)
    assert all(1 <= len(subset) <= 2 and max(subset) < n for subset in chosen)
    if chosen and n_wanted >= n >= 2:
        assert {i for subset in chosen for i in subset} == set(range(n))


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_answer_can_be_read(text: str):
    assert all(isinstance(s, str) and s for s in strings_in(Completion(text=text), "plans"))


def test_unlike_keeps_the_first_of_a_kind():
    assert unlike(["Use a loop.", "use a loop", "Use recursion."]) == (
        "Use a loop.",
        "Use recursion.",
    )
