"""A generator program gives inputs where they can matter, does no harm, and else says why not."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline.bench.records import PublicTask
from pipeline.bench.suites import task_of
from pipeline.core.context import Context, Settings
from pipeline.core.events import Decided, Event, StageEnded
from pipeline.core.task import Candidate, Task
from pipeline.engine import solve
from pipeline.models.api import Completion, ModelBroken, ModelError, PromptTooLong, Request
from pipeline.models.scripted import Script, ScriptedModel
from pipeline.running.judge import judge_all
from pipeline.running.matrix import matrix_of, plan_of
from pipeline.select.generator import MAX_BYTES, N_BATCH, N_SEEDS, STAGE, generated_stdins
from sandbox.api import Job, Observation, Outcome, Program, Sandbox
from tests.pipeline.select.test_weigh import INFO
from tests.pipeline.select.test_weigh import calibrated as calibrated  # a fixture

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATEMENT = """Print the largest sum of one or more neighbours in a row of numbers.
The first line is n, the second has n numbers from -100 to 100. It costs $5.

Input:
3
1 2 3
Output:
6

Input:
2
7 7
Output:
14
"""
SAMPLES = ({"input": "3\n1 2 3\n", "output": "6\n"}, {"input": "2\n7 7\n", "output": "14\n"})
TASK = task_of(PublicTask(task_id="t/1", kind="stdio", source=STATEMENT, visible=SAMPLES))
FUNCTION = replace(TASK, kind="function", entry_point="f")
KADANE = """SECRET = 'of a candidate'
input()
best, here = {start}, 0
for x in map(int, input().split()):
    here += x
    best, here = max(best, here), max(here, 0)
print(best)
"""
RIGHT = KADANE.format(start="-10**9")
NO_NEGATIVES = KADANE.format(start="0")
"""Wrong where all numbers are negative; the samples have none, and so has what is made of them."""
ALSO_RIGHT = """input()
row = [*map(int, input().split())]
print(max(sum(row[i:j]) for i in range(len(row)) for j in range(i + 1, len(row) + 1)))
"""
PAIR = (NO_NEGATIVES, RIGHT)
GOOD = """import random
random.seed(int(input()))
n = random.randint(1, 6)
low = random.choice([-9, 1])
high = random.choice([-1, 9])
print(n)
print(*(random.randint(min(low, high), max(low, high)) for _ in range(n)))
"""
PLAIN = Settings(
    first_proof=False, plan_search=False, mechanical=False, thinking_tokens=0, repair=False
)


def fenced(code: str) -> str:
    return f"```python\n{code}```"


@dataclass(frozen=True, kw_only=True)
class Got:
    inputs: tuple[Program, ...]
    requests: list[Request]
    events: list[Event]

    @property
    def reason(self) -> str:
        """Why it abstained; it said so once."""
        (ended,) = [e for e in self.events if isinstance(e, StageEnded) and e.stage == STAGE]
        assert not ended.acted
        assert not self.inputs
        return ended.detail


async def check(
    box: Sandbox,
    answers: Iterable[str] | Script,
    codes: Sequence[str] = PAIR,
    settings: Settings = PLAIN,
    task: Task = TASK,
    **more: object,
) -> Got:
    events: list[Event] = []
    model = ScriptedModel(answers, info=INFO)
    ctx = Context(model=model, sandbox=box, settings=settings, **more)  # type: ignore[arg-type]
    pool = await judge_all(ctx, TASK, "generate", [candidate(code) for code in codes])
    made = await generated_stdins(replace(ctx, emit=events.append), task, pool)
    return Got(inputs=made, requests=model.requests, events=events)


def candidate(code: str) -> Candidate:
    return Candidate(code=code, origin="generate")


# --- what it is good for -------------------------------------------------------------------------


async def test_a_generator_separates_what_all_line_mutations_leave_alike(box: Sandbox):
    got = await check(box, [fenced(GOOD)])
    for more, n_different in ((), 1), (got.inputs, 2):
        plan = plan_of(TASK, more=more)
        matrix = await matrix_of(box, "t/1", plan, PAIR)
        assert len(set(matrix.behaviours)) == n_different
    assert 2 <= len(got.inputs) <= N_SEEDS
    assert [e.acted for e in got.events if isinstance(e, StageEnded)] == [True]


@pytest.mark.parametrize(("generator", "chosen"), [(True, ALSO_RIGHT), (False, NO_NEGATIVES)])
async def test_a_job_with_a_model_chooses_by_it(
    box: Sandbox, calibrated: Path, generator: bool, chosen: str
):
    codes = ["print(0)\n", NO_NEGATIVES, ALSO_RIGHT, RIGHT]
    answers = [fenced(code) for code in [*codes, *([GOOD] if generator else [])]]
    events: list[Event] = []
    ctx = Context(
        model=ScriptedModel(answers, info=INFO),
        sandbox=box,
        settings=replace(PLAIN, generator=generator),
        emit=events.append,
    )
    solution = await solve(ctx, TASK)
    assert solution.chosen is not None
    assert solution.chosen.candidate.code == chosen
    (weighed,) = [e for e in events if isinstance(e, Decided) and e.what == "posterior"]
    assert weighed.numbers["groups"] == (3 if generator else 2)
    assert ctx.ledger.model_calls == len(answers)
    assert ctx.ledger.wall_s >= ctx.ledger.model_s


async def test_the_same_seed_gives_the_same_inputs_and_another_one_others(box: Sandbox):
    one, same = [(await check(box, [fenced(GOOD)])).inputs for _ in range(2)]
    other = (await check(box, [fenced(GOOD)], settings=replace(PLAIN, seed=1))).inputs
    assert one == same != other


async def test_the_prompt_has_the_statement_and_the_samples_and_no_candidate(box: Sandbox):
    got = await check(box, [fenced(GOOD)])
    (request,) = got.requests
    (message,) = request.messages
    assert STATEMENT.strip() in message.content
    assert "```\n2\n7 7\n```" in message.content
    assert "SECRET" not in message.content
    assert not any(line in message.content for code in PAIR for line in code.splitlines())
    assert request.thinking_tokens == 0


# --- it abstains ---------------------------------------------------------------------------------

HEAD = "import random\nrandom.seed(int(input()))\n"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("There is none.", "no complete Python program"),
        ("", "no complete Python program"),
        ("```python\nprint((1\n```", "no complete Python program"),
        (fenced("print(1 // 0)\n"), "the generator fails: raises ZeroDivisionError"),
        (fenced("raise SystemExit(3)\n"), "the generator fails"),
        (fenced("import os\nos.kill(os.getpid(), 11)\n"), "the generator fails: killed by SIGSEGV"),
        (fenced("import numpyy\n"), "the generator fails"),
        (fenced("print('1\\n5')\n"), "only one input came out"),
        (fenced("seed = int(input())\n"), "no text of 1 to"),
        (fenced(f"print(input() * {MAX_BYTES})\nprint('1' * {MAX_BYTES})\n"), "no text of 1 to"),
        (fenced("import os\nos.write(1, b'\\xff' + input().encode())\n"), "no text of 1 to"),
        (fenced("import os\nprint(os.urandom(9).hex())\n"), "never prints the same again"),
        (
            fenced(HEAD + "print(random.choice(['3\\n1 2 3', '2\\n7 7']))\n"),
            "prints only the samples",
        ),
    ],
)
async def test_what_gives_no_inputs_is_said(box: Sandbox, answer: str, says: str):
    got = await check(box, [answer])
    assert says in got.reason
    assert "\n" not in got.reason
    assert len(got.requests) == 1


async def test_seeds_on_which_it_fails_cost_only_themselves(box: Sandbox):
    got = await check(
        box, [fenced("seed = int(input())\nprint(1)\nprint(9 // (seed % 3) + seed)\n")]
    )
    assert len(got.inputs) == N_SEEDS * 2 // 3


async def test_a_generator_that_begins_to_hang_keeps_what_it_gave(box: Sandbox):
    hangs = f"seed = int(input())\nwhile seed >= {N_BATCH}: pass\nprint(1)\nprint(seed)\n"
    assert len((await check(box, [fenced(hangs)])).inputs) == N_BATCH


async def test_a_spent_token_budget_abstains(box: Sandbox):
    got = await check(box, [], settings=replace(PLAIN, token_budget=9))
    assert "budget of 9 tokens" in got.reason


@pytest.mark.parametrize(
    ("codes", "settings", "says"),
    [
        ([RIGHT], PLAIN, "fewer than two different"),
        (
            [RIGHT, '"""Says more."""\n' + RIGHT.replace(" = ", "=")],
            PLAIN,
            "fewer than two different",
        ),
        ([RIGHT, "print(6)\n"], PLAIN, "fewer than two different"),
        ([], PLAIN, "fewer than two different"),
        (PAIR, replace(PLAIN, agreement=False), "agreement is switched off"),
        (PAIR, replace(PLAIN, timeout_s=0.0), "no time is left"),
    ],
)
async def test_nothing_is_asked_where_no_input_can_matter(
    box: Sandbox, codes: Sequence[str], settings: Settings, says: str
):
    got = await check(box, [], codes, settings)
    assert says in got.reason
    assert not got.requests


@pytest.mark.parametrize(
    ("task", "settings"), [(FUNCTION, PLAIN), (TASK, replace(PLAIN, generator=False))]
)
async def test_a_function_never_asks_and_neither_does_what_is_off(
    box: Sandbox, task: Task, settings: Settings
):
    got = await check(box, [], settings=settings, task=task)
    assert not got.requests
    assert not got.events
    assert not got.inputs


@pytest.mark.parametrize(("generator", "chosen"), [(True, ALSO_RIGHT), (False, NO_NEGATIVES)])
async def test_a_model_without_a_calibration_is_chosen_from_by_agreement(
    box: Sandbox, generator: bool, chosen: str
):
    codes = ["print(0)\n", NO_NEGATIVES, ALSO_RIGHT, RIGHT]
    answers = [fenced(code) for code in [*codes, *([GOOD] if generator else [])]]
    model = ScriptedModel(answers, info=replace(INFO, sha256="6" * 64))
    ctx = Context(model=model, sandbox=box, settings=replace(PLAIN, generator=generator))
    solution = await solve(ctx, TASK)
    assert solution.chosen is not None
    assert solution.chosen.candidate.code == chosen
    assert any("odds of other models" in line for line in solution.evidence)
    n = 2 if generator else 3
    assert any(f"{n} of 3 candidates that pass agree" in line for line in solution.evidence)
    differing = [line for line in solution.evidence if "another one differs: input '" in line]
    assert len(differing) == generator


async def test_line_mutations_alone_tell_programs_apart(box: Sandbox):
    """The wrong one takes every row for a series; both samples are one."""
    series = "n = int(input())\nrow = [*map(int, input().split())]\n"
    series += "print(n * (row[0] + row[-1]) // 2)\n"
    codes = ["print(0)\n", series, ALSO_RIGHT, RIGHT]
    model = ScriptedModel([fenced(code) for code in codes], info=replace(INFO, sha256="6" * 64))
    ctx = Context(model=model, sandbox=box, settings=replace(PLAIN, generator=False))
    solution = await solve(ctx, TASK)
    assert solution.chosen is not None
    assert solution.chosen.candidate.code == ALSO_RIGHT


def raises(error: ModelError) -> Script:
    def script(_request: Request, _index: int) -> str:
        raise error

    return script


@pytest.mark.parametrize("error", [PromptTooLong("900 tokens, 512 fit"), ModelBroken("torn")])
async def test_a_model_that_fails_costs_the_inputs_and_not_the_job(box: Sandbox, error: ModelError):
    assert (await check(box, raises(error))).reason == str(error)


class Slow(ScriptedModel):
    """Says that it was asked, and answers nothing until it is cancelled."""

    def __init__(self, asked: asyncio.Event) -> None:
        super().__init__([], info=INFO)
        self._asked = asked

    async def complete(self, *_: object, **__: object) -> tuple[Completion, ...]:
        self._asked.set()
        await asyncio.Event().wait()
        return ()


@pytest.mark.parametrize(("timeout_s", "says"), [(60.0, "stopped"), (0.05, "the time was over")])
async def test_a_stop_and_the_time_limit_are_felt_while_the_model_writes(
    box: Sandbox, timeout_s: float, says: str
):
    asked, events = asyncio.Event(), list[Event]()
    settings = replace(PLAIN, timeout_s=timeout_s)
    ctx = Context(model=Slow(asked), sandbox=box, settings=settings, emit=events.append)
    pool = await judge_all(ctx, TASK, "generate", [candidate(code) for code in PAIR])
    stop_on = asked if says == "stopped" else asyncio.Event()
    async with asyncio.timeout(10):
        made = await generated_stdins(replace(ctx, keep_best=stop_on), TASK, pool)
    assert says in Got(inputs=made, requests=[], events=events).reason


async def test_who_asked_to_stop_before_is_not_made_to_wait(box: Sandbox):
    stop = asyncio.Event()
    stop.set()
    got = await check(box, [], keep_best=stop)
    assert got.reason == "stopped"
    assert not got.requests


# --- it does no harm -----------------------------------------------------------------------------

LOOPS = "while True: pass\n"
SLEEPS = "import time\ntime.sleep(99)\n"
PRINTS = "import sys\nfor _ in range(100): sys.stdout.write('7' * 10**6)\n"
EATS = "row = [0] * 10**9\nprint(len(row))\n"
FORKS = "import os\nwhile True: os.fork()\n"
LEAVES = "import os, time\nif os.fork() == 0: time.sleep(99)\nos._exit(7)\n"


@pytest.mark.docker
@pytest.mark.parametrize("code", [LOOPS, SLEEPS, PRINTS, EATS, FORKS, LEAVES])
async def test_a_hostile_generator_is_stopped_and_the_sandbox_goes_on(box: Sandbox, code: str):
    async with asyncio.timeout(20):
        got = await check(box, [fenced(code)])
        assert "the generator fails: " in got.reason
        assert (await check(box, [fenced(GOOD)])).inputs


@pytest.mark.docker
async def test_a_generator_runs_nowhere_but_in_the_sandbox(box: Sandbox):
    name = f"/tmp/atlas-{uuid.uuid4().hex}"
    got = await check(box, [fenced(f"open({name!r}, 'w').write('here')\n{GOOD}")])
    assert got.inputs
    assert not is_here(name)


def is_here(name: str) -> bool:
    return Path(name).exists()


class Broken:
    """Keeps the Protocol; what a generator runs in breaks, the judging before it does not."""

    kind = "broken"
    isolation = ()

    def __init__(self, box: Sandbox) -> None:
        self._box = box

    async def start(self) -> None: ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        if any("random" not in job.code for job in jobs):
            return await self._box.run(jobs, group=group)
        return (Observation(outcome=Outcome.SANDBOX_ERROR, detail="it went away"),) * len(jobs)

    async def aclose(self) -> None: ...


async def test_a_sandbox_that_breaks_gives_no_input_and_says_so(box: Sandbox):
    assert "it went away" in (await check(Broken(box), [fenced(GOOD)])).reason
