"""The sandbox's latency, throughput, start and kill times beside what else runs Python: one table.

`python -m benchmarks.sandbox [--quick] [--json]`; everything is measured in this very run.
The alternatives run the same function without our protocol: `docker run` and `docker exec`
once per test, a bare subprocess, and a bare fork-server that confines nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from sandbox import admin, open_sandbox
from sandbox.api import (
    Batch,
    Call,
    Job,
    Limits,
    Returns,
    Sandbox,
    SandboxUnavailable,
    Test,
)
from sandbox.docker_engine import connect, find_endpoint
from sandbox.image import ensure_image
from sandbox.verdicts import run_twice

CODE = "def f(a, b):\n    return sorted([a, b])\n"
TRIVIAL = Job(code=CODE, form=Call(entry="f", args=(2, 1)))
BURN = """
import time

def f():
    end = time.process_time() + 1.5
    while time.process_time() < end:
        pass
"""
SCRIPT = f"{CODE}print(f(2, 1))\n"
KILLED = {
    "kill: busy loop": "while True: pass",
    "kill: ignores signals": "import signal\n"
    "signal.pthread_sigmask(0, range(1, 65))\nwhile True: pass",
    "kill: fork bomb": "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    what: str
    how: str
    p50_ms: float
    p95_ms: float
    n: int
    per_s: float | None = None
    """Tests a second where many were under way at once."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How often each thing is repeated."""

    warm: int
    bulk: int
    slow: int
    starts: int
    kills: int


FULL = Sizes(warm=300, bulk=3000, slow=15, starts=5, kills=20)
QUICK = Sizes(warm=100, bulk=600, slow=4, starts=2, kills=4)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    args = parser.parse_args()
    try:
        rows = asyncio.run(measure(QUICK if args.quick else FULL))
    except SandboxUnavailable as exc:
        print(f"benchmarks.sandbox: {exc}", file=sys.stderr)
        return 3
    print(as_json(rows) if args.json else as_table(rows))
    return 0


async def measure(sizes: Sizes) -> list[Row]:
    rows = [build_image()]
    for kind, n in (("docker", sizes.starts), ("unsafe-local", sizes.starts)):
        rows.append(await cold_start(kind, n))
    for kind in ("docker", "unsafe-local"):
        box = open_sandbox(kind, workers=2)  # type: ignore[arg-type]
        await box.start()
        try:
            rows += await of_sandbox(box, sizes)
        finally:
            await box.aclose()
    return rows + alternatives(sizes)


def build_image() -> Row:
    """From local files, whatever is there already."""
    start = time.perf_counter()
    tag = admin.build(from_local=True).tag
    took_ms = 1e3 * (time.perf_counter() - start)
    client = connect(find_endpoint())
    try:
        size_mb = client.inspect_image(tag)["Size"] / 1e6
    finally:
        client.close()
    return Row(
        what=f"build the image ({size_mb:.0f} MB)",
        how="docker",
        p50_ms=took_ms,
        p95_ms=took_ms,
        n=1,
    )


async def cold_start(kind: str, n: int) -> Row:
    """From nothing to the first observation of five tests in fresh workers, and all gone again."""

    async def once() -> None:
        box = open_sandbox(kind, workers=1)  # type: ignore[arg-type]
        await box.start()
        await box.run([TRIVIAL] * 5)
        await box.aclose()

    await once()
    return row("fresh start, 5 tests, close", kind, [await timed(once) for _ in range(n)])


async def of_sandbox(box: Sandbox, sizes: Sizes) -> list[Row]:
    async def one() -> None:
        await box.run([TRIVIAL])

    await box.run([TRIVIAL] * 50)
    rows = [row("one trivial test, warm", box.kind, [await timed(one) for _ in range(sizes.warm)])]
    rows.append(await bulk(box, "many tests, 2 workers", [TRIVIAL] * sizes.bulk, sizes.bulk))
    parts = (Call(entry="f", args=(2, 1)),) * 20
    batches = [Job(code=CODE, form=Batch(parts=parts))] * (sizes.bulk // 20)
    rows.append(await bulk(box, "the same in batches of 20", batches, sizes.bulk // 20 * 20))
    for name, body in KILLED.items():
        if box.kind == "docker" or "fork" not in name:
            rows.append(await kill_latency(box, name, body, sizes.kills))
    if box.kind == "docker":
        rows += [await proof(box, sizes.starts), *await beside_busy_processes(box, sizes.starts)]
    return rows


async def proof(box: Sandbox, n: int) -> Row:
    """A pass and its proof in a worker that ran nothing."""
    test = Test(test_id="t", form=TRIVIAL.form, expect=Returns(value=[1, 2]))

    async def once() -> None:
        await run_twice(box, CODE, [test])

    return row("proved: used and fresh worker", box.kind, [await timed(once) for _ in range(n)])


N_BUSY = 4


def spinners() -> list[subprocess.Popen[bytes]]:
    return [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(N_BUSY)]


async def beside_busy_processes(box: Sandbox, n: int) -> list[Row]:
    """1.5 s of CPU by the clock, weighed by its group as it is, and at the lowest priority."""
    busy = spinners()
    try:
        rows = []
        for how, first in (("docker", ""), ("docker, nice 19", "__import__('os').nice(19)\n")):
            job = Job(code=first + BURN, form=Call(entry="f"), limits=Limits(cpu_s=10, wall_s=300))

            async def once(job: Job = job) -> None:
                await box.run([job])

            what = f"1.5 s of CPU beside {N_BUSY} busy processes"
            rows.append(row(what, how, [await timed(once) for _ in range(n)]))
    finally:
        for process in busy:
            process.kill()
            process.wait()
    return rows


async def bulk(box: Sandbox, what: str, jobs: list[Job], n_tests: int) -> Row:
    start = time.perf_counter()
    await box.run(jobs)
    took = time.perf_counter() - start
    each_ms = 1e3 * took / n_tests
    return Row(
        what=what, how=box.kind, p50_ms=each_ms, p95_ms=each_ms, n=n_tests, per_s=n_tests / took
    )


async def kill_latency(box: Sandbox, what: str, body: str, n: int) -> Row:
    """From the wall-clock limit to the observation in hand."""
    wall_s = 0.25
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    limits = Limits(cpu_s=0.2, wall_s=wall_s)
    job = Job(code=f"def f():\n{lines}", form=Call(entry="f"), limits=limits)

    late: list[float] = []
    for _ in range(n):
        start = time.perf_counter()
        (seen,) = await box.run([job])
        took = time.perf_counter() - start
        late.append(took - seen.wall_s + max(0.0, seen.cpu_s - limits.cpu_s))
    return row(f"{what} (CPU over the limit, and to the host)", box.kind, late)


def alternatives(sizes: Sizes) -> list[Row]:
    client = connect(find_endpoint())
    try:
        tag = ensure_image(client).tag
    finally:
        client.close()
    run = ["docker", "run", "--rm", "--network=none", "--entrypoint=python3", tag, "-c", SCRIPT]
    rows = [row("one trivial test", "docker run", [timed_command(run) for _ in range(sizes.slow)])]
    rows.append(docker_exec(tag, sizes.slow))
    bare = [sys.executable, "-I", "-c", SCRIPT]
    rows.append(
        row(
            "one trivial test",
            "bare subprocess",
            [timed_command(bare) for _ in range(sizes.slow * 3)],
        )
    )
    rows.append(row("one trivial test", "bare fork-server", fork_server(sizes.warm)))
    return rows


def docker_exec(tag: str, n: int) -> Row:
    """In a container that is warm already; the alternative that most harnesses use."""
    sleep = ["--entrypoint=python3", tag, "-c", "import time; time.sleep(600)"]
    started = subprocess.run(
        ["docker", "run", "-d", "--rm", "--network=none", *sleep],
        capture_output=True,
        text=True,
        check=True,
    )
    name = started.stdout.strip()
    try:
        command = ["docker", "exec", name, "python3", "-c", SCRIPT]
        return row("one trivial test", "docker exec", [timed_command(command) for _ in range(n)])
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


def fork_server(n: int) -> list[float]:
    """The floor, in a process that imports nothing else: fork, run, send the text back, reap."""
    command = [sys.executable, "-I", "-S", "-c", FORK_SERVER, CODE, str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


FORK_SERVER = """
import os, sys, time
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        namespace = {}
        exec(sys.argv[1] + "result = repr(f(2, 1))", namespace)
        os.write(write, namespace["result"].encode())
        os._exit(0)
    os.close(write)
    os.read(read, 100)
    os.close(read)
    os.waitpid(pid, 0)
    print(time.perf_counter() - start, flush=True)
"""


def timed_command(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


async def timed(act: Callable[[], Awaitable[None]]) -> float:
    start = time.perf_counter()
    await act()
    return time.perf_counter() - start


def row(what: str, how: str, seconds: list[float]) -> Row:
    ordered = sorted(1e3 * s for s in seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return Row(what=what, how=how, p50_ms=statistics.median(ordered), p95_ms=p95, n=len(ordered))


def as_json(rows: list[Row]) -> str:
    load = os.getloadavg()[0]
    return json.dumps({"cpus": os.cpu_count(), "load": load, "rows": [asdict(r) for r in rows]})


def as_table(rows: list[Row]) -> str:
    lines = [f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the end"]
    lines.append(f"{'what':58} {'how':16} {'p50 ms':>9} {'p95 ms':>9} {'n':>5} {'per s':>7}")
    for r in rows:
        per_s = f"{r.per_s:7.0f}" if r.per_s else " " * 7
        lines.append(f"{r.what:58} {r.how:16} {r.p50_ms:9.2f} {r.p95_ms:9.2f} {r.n:5} {per_s}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
