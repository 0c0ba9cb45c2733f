"""Of the two runs that prove a pass one is in a used worker, one in a worker that ran nothing."""

from __future__ import annotations

import pytest

from sandbox.api import PROOF_SEED, Call, Job, Outcome, Returns, Sandbox, Test, VerdictKind
from sandbox.channel import Hello
from sandbox.lanes import WorkerPool
from sandbox.observe import Packed
from sandbox.verdicts import run_twice
from sandbox.wire import Reply
from tests.sandbox.test_blame import reply_of

NINE = Returns(value=9)
SQUARE = Test(test_id="t", form=Call(entry="f", args=(3,)), expect=NINE)


class CountingWorker:
    """Keeps the Worker Protocol; its answer is how often it was asked before."""

    def __init__(self) -> None:
        self.channel = self
        self.isolation: tuple[str, ...] = ()
        self.python = "3.12"
        self.site = ""
        self.n_runs = 0
        self.is_closed = False

    def greet(self, timeout_s: float) -> Hello:
        return Hello(python="3", isolation=())

    def run(self, packed: Packed) -> Reply:
        self.n_runs += 1
        report = {"outcome": "returned", "value": self.n_runs - 1}
        return reply_of(*(report for _ in range(packed.request.n_frames)))

    def is_alive(self) -> bool:
        return not self.is_closed

    def ping(self, timeout_s: float = 5.0) -> None: ...

    def cancel(self) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None:
        self.is_closed = True


async def test_fresh_jobs_share_a_worker_that_ran_nothing_before_them():
    opened: list[CountingWorker] = []

    def open_worker(_seed: int, _world: object) -> CountingWorker:
        opened.append(CountingWorker())
        return opened[-1]

    pool = WorkerPool(2, open_worker)  # type: ignore[arg-type]
    pool.start()
    try:
        used = Job(code="", form=Call(entry="f"))
        (first,) = await pool.run([used], "")
        assert first.value != 0
        for word in ("a", "b", "c"):
            fresh = Job(code="", form=Call(entry="f"), hash_seed=PROOF_SEED, fresh=word)
            seen = await pool.run([fresh] * 3, "")
            assert [one.value for one in seen] == [0, 1, 2]
    finally:
        pool.close()
    assert all(worker.is_closed for worker in opened)


TELLS = {
    "first pid": "import os\ndef f(n): return n * n if os.getpid() < 60 else 0\n",
    "name of the first process": (
        "def f(n): return n * n if 'sandbox' in open('/proc/1/cmdline').read() else 0\n"
    ),
    "name of the host": (
        "import socket\ndef f(n): return n * n if socket.gethostname() == 'sandbox' else 0\n"
    ),
    "age of the temporary folder": (
        "import os, time\n"
        "def f(n): return n * n if time.time() - os.stat('/tmp').st_mtime < 3600 else 0\n"
    ),
    "cpu that the container has used": (
        "import glob\n"
        "def f(n):\n"
        "    for path in glob.glob('/sys/fs/cgroup/*/cpuacct.usage'):\n"
        "        if int(open(path).read()) < 10**12: return n * n\n"
        "    return 0\n"
    ),
    "home folder": (
        "import os\ndef f(n): return n * n if os.path.expanduser('~') == '/tmp' else 0\n"
    ),
    "variables of ours": (
        "import os\ndef f(n): return n * n if 'PYTHONSAFEPATH' in os.environ else 0\n"
    ),
    "no user": (
        "import os, pwd\n"
        "def f(n):\n"
        "    try: pwd.getpwuid(os.getuid())\n"
        "    except KeyError: return n * n\n"
        "    return 0\n"
    ),
}


@pytest.mark.docker
@pytest.mark.parametrize("what", TELLS)
async def test_a_program_that_looks_where_it_runs_is_not_proved(docker_box: Sandbox, what: str):
    (verdict,) = await run_twice(docker_box, TELLS[what], [SQUARE])
    assert not verdict.passed, verdict
    assert verdict.kind in (
        VerdictKind.WRONG_ANSWER,
        VerdictKind.RUNTIME_ERROR,
        VerdictKind.FLAKY,
    )


@pytest.mark.docker
async def test_the_proof_is_run_on_another_machine_as_far_as_a_program_sees(docker_box: Sandbox):
    code = "import os, socket\ndef f(): return os.getppid(), socket.gethostname()\n"
    used = Job(code=code, form=Call(entry="f"))
    fresh = [
        Job(code=code, form=Call(entry="f"), hash_seed=PROOF_SEED, fresh=word) for word in "ab"
    ]
    seen = await docker_box.run([used, *fresh])
    assert {one.outcome for one in seen} == {Outcome.RETURNED}
    assert len({str(one.value) for one in seen}) == 3


async def test_honest_code_is_proved(each_box: Sandbox):
    (verdict,) = await run_twice(each_box, "def f(n): return n * n", [SQUARE])
    assert verdict.passed, verdict


async def test_what_changes_between_the_two_runs_is_flaky(each_box: Sandbox):
    code = "def f(n): return 9 if hash('a') == %d else 8"
    seed = "def f(n): return hash('a')"
    (seen,) = await each_box.run([Job(code=seed, form=SQUARE.form)])
    (verdict,) = await run_twice(each_box, code % seen.value, [SQUARE])  # type: ignore[str-format]
    assert verdict.kind is VerdictKind.FLAKY
    assert "fresh" in verdict.detail
