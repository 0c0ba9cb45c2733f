"""Only the trusted side says whose fault it was: no claim of a program moves it elsewhere."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from sandbox import codec
from sandbox.api import (
    Batch,
    Call,
    Completes,
    Doctest,
    DoctestExample,
    Job,
    Limits,
    Outcome,
    Program,
    Returns,
    Sandbox,
    Test,
    TestCode,
    VerdictKind,
)
from sandbox.channel import Hello, WorkerDied
from sandbox.lanes import WorkerPool
from sandbox.observe import Packed, observation, understand
from sandbox.verdicts import judge, run_tests
from sandbox.wire import FRAME, Reply, Say

HOSTILE, HARMLESS = "def f(): return 'hostile'", "def f(): return 1"
CLAIM = {"outcome": "bad_result", "detail": "it was the test", "test_fault": True}


def reply_of(*reports: object) -> Reply:
    data = [codec.encode(report) for report in reports]
    result = b"".join(FRAME.pack(len(one)) + one for one in data)
    return Reply(say=Say.DONE, nonce=b"", result=result)


@pytest.mark.parametrize(
    "form",
    [
        Call(entry="f"),
        Doctest(examples=(DoctestExample(source="f()\n"),)),
        Program(),
    ],
)
def test_a_candidates_process_cannot_blame_the_test(form):
    job = Job(code="", form=form)
    seen = observation(job, understand(job, reply_of(CLAIM), 1))
    verdict = judge(Test(test_id="t", form=form, expect=Returns(value=1)), seen)
    assert verdict.kind is VerdictKind.BAD_RESULT, verdict


CLAIMS_AT_LOAD = """
import os, struct, sys
frame = sys._getframe()
while "codec" not in frame.f_globals:
    frame = frame.f_back
claim = {"outcome": "bad_result", "test_fault": True, "detail": "the test did it"}
data = frame.f_globals["codec"].encode(claim)
os.write(4, struct.pack("!I", len(data)) + data)
os._exit(0)
"""
GIVES_A_THING = "class Thing: pass\ndef f(x): return Thing()\n"


@pytest.mark.parametrize(
    ("code", "kind"),
    [(CLAIMS_AT_LOAD, VerdictKind.BAD_RESULT), (GIVES_A_THING, VerdictKind.BAD_RESULT)],
)
async def test_a_candidate_cannot_blame_test_code(each_box: Sandbox, code: str, kind: VerdictKind):
    form = TestCode(source="assert f([f(1)]) == 2\n", entry="f")
    test = Test(test_id="t", form=form, expect=Completes())
    (verdict,) = await run_tests(each_box, code, [test])
    assert verdict.kind is kind, verdict


class ScriptedWorker:
    """Keeps the Worker Protocol; `dies` says under which code it does, but for its first run."""

    def __init__(self, dies: Callable[[bytes], bool]) -> None:
        self.channel = self
        self.isolation: tuple[str, ...] = ()
        self._dies = dies
        self._n_runs = 0

    def greet(self, timeout_s: float) -> Hello:
        return Hello(python="3", isolation=())

    def run(self, packed: Packed) -> Reply:
        self._n_runs += 1
        if self._n_runs > 1 and self._dies(packed.payload):
            raise WorkerDied("the worker ended")
        return reply_of(
            *({"outcome": "returned", "value": 1} for _ in range(packed.request.n_frames))
        )

    def is_alive(self) -> bool:
        return True

    def ping(self, timeout_s: float = 5.0) -> None: ...

    def cancel(self) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


FORMS = [Call(entry="f"), Batch(parts=(Call(entry="f"), Call(entry="f")))]


async def outcomes(dies: Callable[[bytes], bool], form: Call | Batch) -> list[list[Outcome]]:
    pool = WorkerPool(1, lambda _seed, _world: ScriptedWorker(dies))  # type: ignore[arg-type,return-value]
    pool.start()
    try:
        seen = await pool.run([Job(code=code, form=form) for code in (HOSTILE, HARMLESS)], "")
    finally:
        pool.close()
    return [[one.outcome, *(part.outcome for part in one.parts)] for one in seen]


@pytest.mark.parametrize("form", FORMS)
async def test_a_program_under_which_two_workers_die_has_crashed(form):
    hostile, harmless = await outcomes(lambda data: b"hostile" in data, form)
    assert set(hostile) == {Outcome.CRASH}
    assert set(harmless) == {Outcome.RETURNED}


@pytest.mark.parametrize("form", FORMS)
async def test_workers_that_always_die_blame_no_program(form):
    hostile, harmless = await outcomes(lambda _data: True, form)
    assert set(hostile) == set(harmless) == {Outcome.SANDBOX_ERROR}


@pytest.mark.parametrize(("cpu_s", "outcome"), [(0.2, Outcome.CRASH), (1.1, Outcome.TIMEOUT_CPU)])
def test_the_kernels_own_limit_on_time_is_a_limit_on_time(cpu_s: float, outcome: Outcome):
    job = Job(code="", form=Program(), limits=Limits(cpu_s=1.0))
    reply = Reply(say=Say.DONE, nonce=b"", signal=signal.SIGKILL, cpu_us=int(cpu_s * 1e6))
    assert observation(job, understand(job, reply, 0)).outcome is outcome
