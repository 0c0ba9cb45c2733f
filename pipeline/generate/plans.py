"""PlanSearch (arXiv 2409.03733): observations, combinations of them, plans that differ.

The paper asks for observations, for observations on pairs of these, and for one solution sketch per
subset: dozens of calls. ATLAS V3 made five calls one after another and then lost the plan to a
parser. Here are two calls: one for the observations, one batch with a plan per combination, which
shares one prefill. A model that was trained to list plans gets one call for the list, and one
on which plans were seen to bring nothing gets none.
"""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Sequence

from pipeline.core.ask import ask, user
from pipeline.core.context import Context
from pipeline.core.events import Decided, StageEnded
from pipeline.core.task import Task
from pipeline.core.worth import pays
from pipeline.generate.asking import source_shown
from pipeline.models.api import Completion, Request, Sampling
from pipeline.prompts import render

N_OBSERVATIONS = 6
N_SPARE = 2
"""Plans beyond k, taken where one repeats another."""
LONGEST_PLAN = 160
"""Tokens of one plan."""
LONGEST_LIST = 512
"""Parameters under which a model's observations are noise."""
TOO_ALIKE = 0.9
"""difflib ratio from which two plans count as one idea."""
SAMPLING = Sampling(temperature=0.8, min_p=0.05)


async def plan_search(ctx: Context, task: Task) -> tuple[str, ...]:
    """Up to k plans that differ; () when none can be read, and the event says so."""
    info = ctx.model.info
    if info.prompts != "trained" and not pays(info, "plans"):
        why = "plans bring nothing on models of this size"
        ctx.emit(StageEnded(stage="plan_search", acted=False, detail=why))
        return ()
    plans = () if info.prompts == "trained" else await _from_observations(ctx, task)
    kept = unlike(plans or await _listed(ctx, task))[: ctx.settings.k]
    why = f"{len(kept)} different plans" if kept else "no plan could be read from the answer"
    ctx.emit(StageEnded(stage="plan_search", acted=bool(kept), detail=why))
    return kept


async def _listed(ctx: Context, task: Task) -> tuple[str, ...]:
    prompt = render(
        "plans",
        style=ctx.model.info.prompts,
        source=source_shown(ctx.model.info, task),
        n=str(ctx.settings.k),
    )
    return strings_in(await _ask_one(ctx, prompt, "plans"), "plans")


async def _from_observations(ctx: Context, task: Task) -> tuple[str, ...]:
    prompt = render(
        "observations", source=source_shown(ctx.model.info, task), n=str(N_OBSERVATIONS)
    )
    answer = await _ask_one(ctx, prompt, "observations")
    seen = unlike(strings_in(answer, "observations"))[:N_OBSERVATIONS]
    if not seen:
        return ()
    chosen = combinations(len(seen), ctx.settings.k + N_SPARE)
    requests = [
        Request(
            messages=user(
                render(
                    "plan",
                    source=source_shown(ctx.model.info, task),
                    observations="\n".join(f"- {seen[i]}" for i in subset),
                )
            ),
            seed=ctx.settings.seed * 1000 + 900 + slot,
            max_tokens=min(LONGEST_PLAN, ctx.settings.max_tokens),
            sampling=SAMPLING,
            json_schema=_schema("plan", "string"),
        )
        for slot, subset in enumerate(chosen)
    ]
    answers = await ask(ctx, "plan_search", requests)
    for subset, one in zip(chosen, answers, strict=False):
        _report(ctx, seen, subset, one)
    return tuple(plan for one in answers for plan in strings_in(one, "plan"))


def _report(ctx: Context, seen: Sequence[str], subset: Sequence[int], answer: Completion) -> None:
    plan = " ".join(strings_in(answer, "plan")) or "(no plan could be read)"
    numbers = {f"observation {i + 1}": seen[i] for i in subset}
    ctx.emit(Decided(what="plan from observations", choice=plan, numbers=numbers))


async def _ask_one(ctx: Context, prompt: str, key: str) -> Completion | None:
    request = Request(
        messages=user(prompt),
        seed=ctx.settings.seed,
        max_tokens=min(LONGEST_LIST, ctx.settings.max_tokens),
        sampling=SAMPLING,
        json_schema=_schema(key, "list"),
    )
    answers = await ask(ctx, "plan_search", [request])
    return answers[0] if answers else None


def _schema(key: str, kind: str) -> str:
    string = {"type": "string"}
    value = string if kind == "string" else {"type": "array", "items": string}
    return json.dumps({"type": "object", "properties": {key: value}, "required": [key]})


def combinations(n: int, n_wanted: int) -> tuple[tuple[int, ...], ...]:
    """Subsets of n observations, `n_wanted` at most: pairs first, each as unlike those before it
    as there is, then single ones."""
    left = [*itertools.combinations(range(n), 2), *((i,) for i in range(n))]
    used = [0] * n
    chosen: list[tuple[int, ...]] = []
    while left and len(chosen) < n_wanted:
        best = min(left, key=lambda s: (sum(used[i] for i in s) / len(s), -len(s)))
        left.remove(best)
        chosen.append(best)
        for i in best:
            used[i] += 1
    return tuple(chosen)


def strings_in(answer: Completion | None, key: str) -> tuple[str, ...]:
    """The string or strings under `key` of a JSON answer; () when it is not what was asked for."""
    try:
        data = json.loads(answer.text) if answer else None
    except ValueError:
        return ()
    value = data.get(key) if isinstance(data, dict) else None
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(s.strip() for s in found if isinstance(s, str) and s.strip())


def unlike(texts: Sequence[str]) -> tuple[str, ...]:
    """Those that are not near-duplicates of an earlier one."""
    kept: list[str] = []
    for text in texts:
        ratios = (difflib.SequenceMatcher(None, text.lower(), k.lower()).ratio() for k in kept)
        if all(ratio < TOO_ALIKE for ratio in ratios):
            kept.append(text)
    return tuple(kept)
