"""Labels from sandbox verdicts: sample candidates with their states, run the tests of their task.

Only real answers count: one that broke off, that holds no function, or that the sandbox could not
run teaches nothing about right and wrong code, and is counted apart.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.bench.scorer import score_program
from pipeline.core.ask import ask, user
from pipeline.core.context import Context, Settings
from pipeline.core.task import Candidate, Origin, Task
from pipeline.generate.asking import to_solve
from pipeline.generate.candidates import perturbations, read_all
from pipeline.inputs.mutated import mutated_calls
from pipeline.lens.record import LensError
from pipeline.lens.score import Abstained, features
from pipeline.models.api import Completion, Model, ModelInfo, Request, Sampling
from pipeline.prompts import render
from pipeline.running.judge import runnable
from pipeline.training.state_pool import StatePool
from pipeline.training.tasks import LabelTask
from pipeline.wiring import Runtime
from sandbox.api import Completes, Limits, Sandbox, Test

TEMPERATURES = (0.8, 1.0, 1.2)
"""Of the samples beside the greedy one, in turn: where they fail, they fail for real."""
AHEAD = 4
"""Tasks whose sandbox runs may wait while the model writes on."""
QUICK = Limits(cpu_s=1.0, memory_mb=192)
OnTask = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class LabelledRow:
    """One candidate, labelled."""

    candidate: Candidate
    states: Any
    n_prompt_tokens: int
    is_greedy: bool
    passed: bool
    visible: bool
    behaviour: str
    """Empty where no input could be generated."""


async def harvest(
    runtime: Runtime,
    tasks: Iterator[LabelTask],
    *,
    n_tasks: int,
    k: int,
    seed: int = 0,
    on_task: OnTask | None = None,
) -> StatePool:
    """A pool of up to `n_tasks` tasks with `k` candidates each, the first one greedy.

    Raises LensError for a model without hidden states, ModelError and SandboxError.
    """
    if not runtime.model.info.has_states:
        raise LensError(f"{runtime.model.info.name} gives no hidden states; take a GGUF file")
    left_out: Counter[str] = Counter()
    waiting: list[asyncio.Task[tuple[str, list[LabelledRow]]]] = []
    done: list[tuple[str, list[LabelledRow]]] = []
    try:
        for number, labelled in zip(range(n_tasks), tasks, strict=False):
            ctx = runtime.context(Settings(seed=seed + number, k=k), group=f"lens {number}")
            made = await sample(ctx, labelled.task, left_out)
            waiting.append(asyncio.create_task(label(ctx.sandbox, labelled, made)))
            if len(waiting) > AHEAD:
                done.append(await waiting.pop(0))
            if on_task is not None:
                on_task(number + 1, n_tasks)
        while waiting:
            done.append(await waiting.pop(0))
    finally:
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return _pool(done, runtime.model.info, {"k": k, "seed": seed, "left_out": dict(left_out)})


Sampled = tuple[Candidate, Completion, bool]


async def sample(ctx: Context, task: Task, left_out: Counter[str]) -> list[Sampled]:
    """`k` answers in one batch, as the pipeline asks: the probe, then framings at a temperature."""
    answers = await ask(ctx, "harvest", requests_of(ctx, task))
    made = []
    for slot, answer in enumerate(answers):
        read = read_all(ctx, task, Origin.GENERATE, [answer], [("", "")])
        if answer.finish != "stop":
            left_out["broke off"] += 1
        elif not read:
            left_out["no function"] += 1
        elif answer.states is None:
            left_out["no states"] += 1
        else:
            made.append((read[0], answer, slot == 0))
    return made


def requests_of(ctx: Context, task: Task) -> list[Request]:
    """The greedy one without a hint, then every other one with a framing."""
    framings = perturbations()
    requests = []
    for slot in range(ctx.settings.k):
        framing = framings[(ctx.settings.seed + slot) % len(framings)]
        hint = framing.text if slot and slot % 2 == 0 else ""
        temperature = TEMPERATURES[slot % len(TEMPERATURES)] if slot else 0.0
        request = replace(
            to_solve(ctx.model.info, task, hint=hint),
            seed=ctx.settings.seed * 1000 + slot,
            max_tokens=ctx.settings.max_tokens,
            sampling=Sampling(temperature=temperature, min_p=0.05 if slot else 0.0),
            want_states=True,
        )
        requests.append(request)
    return requests


async def label(
    sandbox: Sandbox, labelled: LabelTask, made: Sequence[Sampled]
) -> tuple[str, list[LabelledRow]]:
    """Run each distinct program once: label, visible tests, behaviour on generated inputs."""
    task = labelled.task
    programs = dict.fromkeys(runnable(task, candidate) for candidate, _, _ in made)
    probes = tuple(
        Test(test_id=f"probe:{n}", form=call, expect=Completes(), limits=QUICK)
        for n, call in enumerate(mutated_calls(task.calls, seed=0, n=20))
    )
    found = await asyncio.gather(*(_run(sandbox, labelled, one, probes) for one in programs))
    results = dict(zip(programs, found, strict=True))
    rows = []
    for candidate, answer, is_greedy in made:
        passed, visible, behaviour = results[runnable(task, candidate)]
        rows.append(
            LabelledRow(
                candidate=candidate,
                states=answer.states,
                n_prompt_tokens=answer.prompt_tokens,
                is_greedy=is_greedy,
                passed=passed,
                visible=visible,
                behaviour=behaviour,
            )
        )
    return labelled.key, rows


async def _run(
    sandbox: Sandbox, labelled: LabelTask, program: str, probes: Sequence[Test]
) -> tuple[bool, bool, str]:
    """Raises ScoringBroke when the sandbox fails twice: that is never a label."""
    name = labelled.task.task_id
    hidden = await score_program(sandbox, program, labelled.hidden, name)
    shown = labelled.task.tests
    visible = await score_program(sandbox, program, shown, name) if shown else {"passed": True}
    seen = await score_program(sandbox, program, probes, name) if probes else {"behaviour": ""}
    return bool(hidden["passed"]), bool(visible["passed"]), str(seen["behaviour"])


def _pool(
    done: Sequence[tuple[str, list[LabelledRow]]], model: ModelInfo, about: dict[str, Any]
) -> StatePool:
    import numpy as np

    kept = [(key, rows) for key, rows in done if rows]
    flat = [(number, row) for number, (_, rows) in enumerate(kept) for row in rows]
    vectors = [features(row.states, model.dim) for _, row in flat]
    if not flat or any(isinstance(one, Abstained) for one in vectors):
        raise LensError("the model answered nothing that can be labelled; try more tasks")
    counts = [Counter(row.behaviour for row in rows) for _, rows in kept]

    def share(number: int, row: LabelledRow) -> float:
        n_alike = counts[number][row.behaviour]
        return n_alike / len(kept[number][1]) if row.behaviour else float("nan")

    def floats(name: str) -> Any:
        values = [getattr(row.candidate, name) for _, row in flat]
        return np.array([np.nan if v is None else v for v in values], dtype=np.float32)

    return StatePool(
        x=np.stack([one for one in vectors if not isinstance(one, Abstained)]),
        task=np.array([number for number, _ in flat], dtype=np.int32),
        passed=np.array([row.passed for _, row in flat]),
        visible=np.array([row.visible for _, row in flat]),
        greedy=np.array([row.is_greedy for _, row in flat]),
        mean_logprob=floats("mean_logprob"),
        min_window_logprob=floats("min_window_logprob"),
        n_chars=np.array([len(row.candidate.code) for _, row in flat], dtype=np.int32),
        n_prompt_tokens=np.array([row.n_prompt_tokens for _, row in flat], dtype=np.int32),
        cluster=np.array([share(n, row) for n, row in flat], dtype=np.float32),
        keys=tuple(key for key, _ in kept),
        about=about | {"model_sha256": model.sha256, "model_name": model.name, "tasks": len(kept)},
    )


async def answer_once(model: Model) -> Candidate:
    """A greedy answer with its states, to see whether a lens can read this model at all."""
    text = render("solve", style="trained", source=EXAMPLE, hint="")
    request = Request(messages=user(text), max_tokens=128, want_states=True)
    (answer,) = await model.complete([request])
    return Candidate(code=answer.text, origin=Origin.POOL, states=answer.states)


EXAMPLE = '''def double(n):
    """Return twice n.

    >>> double(3)
    6
    """
'''
