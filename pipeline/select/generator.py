"""Inputs for programs from a generator: a program that prints one random valid input for a seed.

Why not inputs: docs/decisions/generators.md. What it does not cover: an input may still break a
promise of the statement; the matrix drops it only where no candidate gives an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.ask import ask, user
from pipeline.core.context import Context
from pipeline.core.events import StageEnded, StageStarted
from pipeline.core.stop import if_possible
from pipeline.core.task import Judged, Task
from pipeline.models.api import Request
from pipeline.prompts import render
from pipeline.running.judge import runnable
from pipeline.running.matrix import deduplicated
from pipeline.source.extract import ExtractionFailure, extract
from sandbox.api import Job, Limits, Observation, Outcome, Program

STAGE = "generator"
N_SEEDS, N_BATCH = 12, 4
"""A generator that fails for a whole batch of seeds is not run for the next ones."""
MAX_TOKENS = 600
"""Of the answer; a generator is short."""
N_SAMPLES, LONGEST_SAMPLE = 3, 400
"""Samples that the model is shown, the shortest ones, and how many characters of each."""
MAX_BYTES = 2000
"""Of an input; every candidate runs on every input."""
LIMITS = Limits(cpu_s=0.5, wall_s=2.0, output_bytes=1 << 16)


@dataclass(frozen=True, kw_only=True)
class NoGenerator:
    reason: str
    """One line."""


async def generated_stdins(ctx: Context, task: Task, pool: Sequence[Judged]) -> tuple[Program, ...]:
    """Up to N_SEEDS different inputs; () for a function, and, aloud, where it abstains.

    The model is asked once, and only where two different programs of `pool` pass every sample.
    The same task, seed and answer give the same inputs. Raises SandboxError.
    """
    if task.kind != "stdio" or not ctx.settings.generator:
        return ()
    why = _needless(ctx, task, pool)
    if why is None:
        ctx.emit(StageStarted(stage=STAGE))
    made = (
        NoGenerator(reason=why) if why else await if_possible(ctx, STAGE, lambda: _made(ctx, task))
    )
    if made is None:
        return ()
    if isinstance(made, NoGenerator):
        ctx.emit(StageEnded(stage=STAGE, acted=False, detail=made.reason))
        return ()
    said = f"{len(made)} different inputs from {N_SEEDS} seeds"
    ctx.emit(StageEnded(stage=STAGE, acted=True, detail=said))
    return made


def _needless(ctx: Context, task: Task, pool: Sequence[Judged]) -> str | None:
    """Why more inputs could change nothing; None where they could."""
    if not ctx.settings.agreement:
        return "agreement is switched off: nothing would be compared"
    passing = [runnable(task, one.candidate) for one in pool if one.passes]
    if len(deduplicated(passing)[0]) < 2:
        return "fewer than two different programs pass the samples: nothing to tell apart"
    return None


async def _made(ctx: Context, task: Task) -> tuple[Program, ...] | NoGenerator:
    code = await _written(ctx, task)
    if isinstance(code, NoGenerator):
        return code
    printed = await _printed(ctx, code)
    return printed if isinstance(printed, NoGenerator) else _inputs(task, printed)


# --- the program ---------------------------------------------------------------------------------


async def _written(ctx: Context, task: Task) -> str | NoGenerator:
    answers = await ask(ctx, STAGE, [_request(ctx, task)])
    if not answers:
        return NoGenerator(reason=f"the budget of {ctx.settings.token_budget} tokens is used up")
    read = extract(answers[0].text, task)
    return NoGenerator(reason=read.reason) if isinstance(read, ExtractionFailure) else read.code


def _request(ctx: Context, task: Task) -> Request:
    """The statement and sample inputs; no candidate, no output."""
    samples = sorted((stdin.decode("utf-8", "replace") for stdin in _samples(task)), key=len)
    shown = "\n\n".join(f"```\n{_cut(text)}\n```" for text in samples[:N_SAMPLES])
    prompt = render("generator", source=task.statement.strip(), samples=shown)
    return Request(
        messages=user(prompt),
        seed=ctx.settings.seed * 1000 + 700,
        max_tokens=min(ctx.settings.max_tokens, MAX_TOKENS),
    )


def _cut(text: str) -> str:
    return text.rstrip() if len(text) <= LONGEST_SAMPLE else f"{text[:LONGEST_SAMPLE]}..."


def _samples(task: Task) -> list[bytes]:
    return [v.test.form.stdin for v in task.visible if isinstance(v.test.form, Program)]


# --- what it prints ------------------------------------------------------------------------------


async def _printed(ctx: Context, code: str) -> list[bytes] | NoGenerator:
    """What it prints for each seed, where it prints the same again for the same seed."""
    seeds = [ctx.settings.seed * 1000 + n for n in range(N_SEEDS)]
    good: dict[int, bytes] = {}
    for at in range(0, N_SEEDS, N_BATCH):
        batch = seeds[at : at + N_BATCH]
        seen = await _observed(ctx, code, batch)
        if not any(_is_good(one) for one in seen):
            break
        good |= {seed: o.stdout for seed, o in zip(batch, seen, strict=True) if _is_good(o)}
    if not good:
        return NoGenerator(reason=f"the generator fails: {_fault(seen[0])}")
    again = await _observed(ctx, code, list(good))
    twice = zip(good.values(), again, strict=True)
    steady = [text for text, one in twice if _is_good(one) and one.stdout == text]
    return steady or NoGenerator(reason="the generator never prints the same again for a seed")


async def _observed(ctx: Context, code: str, seeds: Sequence[int]) -> tuple[Observation, ...]:
    forms = [Program(stdin=f"{seed}\n".encode()) for seed in seeds]
    jobs = [Job(code=code, form=form, limits=LIMITS) for form in forms]
    return await ctx.sandbox.run(jobs, group=ctx.group)


def _is_good(seen: Observation) -> bool:
    return seen.outcome is Outcome.RETURNED


def _fault(seen: Observation) -> str:
    if seen.exception:
        return f"raises {seen.exception.type[:60]}"
    return (seen.detail or str(seen.outcome)).partition("\n")[0][:200]


def _inputs(task: Task, printed: Sequence[bytes]) -> tuple[Program, ...] | NoGenerator:
    """Those that can be inputs, each once; the samples are known already."""
    texts = [text for text in printed if len(text) <= MAX_BYTES and _is_text(text)]
    if not texts:
        return NoGenerator(reason=f"the generator prints no text of 1 to {MAX_BYTES} bytes")
    different = dict.fromkeys(text if text.endswith(b"\n") else text + b"\n" for text in texts)
    if len(different) < 2:
        return NoGenerator(reason=f"only one input came out of {N_SEEDS} seeds")
    known = {sample.rstrip() for sample in _samples(task)}
    new = tuple(Program(stdin=text) for text in different if text.rstrip() not in known)
    return new or NoGenerator(reason="the generator prints only the samples")


def _is_text(stdout: bytes) -> bool:
    try:
        return bool(stdout.decode("utf-8").strip())
    except UnicodeDecodeError:
        return False
