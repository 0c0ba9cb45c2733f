"""What a test sees of its machine is ordinary, and says not whether a sandbox is fresh or used."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox import open_sandbox
from sandbox.api import Call, Expression, Job, Outcome, Sandbox

pytestmark = pytest.mark.docker

LOOK = """
import os, pwd, socket, sys, time

def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError as exc:
        return type(exc).__name__

def f():
    user = pwd.getpwuid(os.getuid())
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "user": user.pw_name,
        "home": user.pw_dir == os.path.expanduser("~") and os.access(user.pw_dir, os.W_OK),
        "words": repr((read("/proc/self/cmdline"), read("/proc/self/comm"), sys.orig_argv,
                       dict(os.environ), sys.argv, socket.gethostname(), user)),
        "cgroup": read("/proc/self/cgroup"),
        "first": [read("/proc/1/stat"), read("/proc/1/cmdline"), read("/proc/1/comm")],
        "ages_h": [(time.time() - os.stat(p).st_mtime) / 3600 for p in ("/tmp", "/dev/shm")],
        "counters": sorted({read(os.path.join(base, name)) for base, _, names
                            in os.walk("/sys/fs/cgroup") for name in names}),
        "own": [read("/proc/self/stat") != "", read("/proc/self/status") != ""],
    }
"""


async def look(box: Sandbox) -> dict[str, Any]:
    (seen,) = await box.run([Job(code=LOOK, form=Call(entry="f"))])
    assert seen.outcome is Outcome.RETURNED, seen
    assert isinstance(seen.value, dict)
    return seen.value


async def in_fresh_ones(n: int) -> list[dict[str, Any]]:
    boxes = [open_sandbox("docker", workers=1) for _ in range(n)]
    await asyncio.gather(*(box.start() for box in boxes))
    try:
        return [await look(box) for box in boxes]
    finally:
        await asyncio.gather(*(box.aclose() for box in boxes))


async def test_numbers_and_names_are_those_of_an_ordinary_machine(docker_box: Sandbox):
    seen = await look(docker_box)
    assert seen["pid"] > 1000
    assert "sandbox" not in seen["words"]
    assert "atlas" not in seen["words"]
    assert "docker" not in seen["cgroup"]
    assert (seen["user"][0], seen["home"]) == ("u", True)
    assert min(seen["ages_h"]) > 10
    assert seen["own"] == [True, True]


async def test_nothing_that_can_be_read_counts_what_ran_before(docker_box: Sandbox):
    if "without:hidden-counters" in docker_box.isolation:
        pytest.skip("this kernel has no Landlock, and the results say so")
    seen = await look(docker_box)
    assert seen["counters"] == ["PermissionError"]
    assert seen["first"] == ["PermissionError"] * 3


async def test_fresh_sandboxes_differ_in_what_would_give_them_away():
    seen = await in_fresh_ones(3)
    assert len({one["pid"] for one in seen}) > 1
    assert len({one["host"] for one in seen}) > 1
    pids = sorted(one["pid"] for one in seen)
    assert pids[-1] - pids[0] > 20


async def test_a_used_sandbox_looks_as_old_as_before(docker_box: Sandbox):
    leave = Job(code="open('left', 'w').close()\ndef f(): return 1", form=Call(entry="f"))
    for _ in range(3):
        await docker_box.run([leave])
        assert min((await look(docker_box))["ages_h"]) > 10


async def test_shared_memory_and_ports_are_as_new_for_each_test(docker_box: Sandbox):
    code = """
import os, socket

def f():
    seen = os.listdir("/dev/shm")
    with open("/dev/shm/left", "w") as file:
        file.write("x" * 1000)
    with socket.create_server(("127.0.0.1", 8765), reuse_port=False) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        near = socket.create_connection(("127.0.0.1", 8765))
        far, _ = server.accept()
        far.close()
        near.close()
    return seen, open("/proc/net/tcp").read().count("\\n")
"""
    results = await docker_box.run([Job(code=code, form=Call(entry="f"))] * 6)
    assert {seen.outcome for seen in results} == {Outcome.RETURNED}, results
    assert [seen.value for seen in results] == [([], 1)] * 6


async def test_no_test_spares_itself_when_memory_runs_out(docker_box: Sandbox):
    code = (
        "def f():\n"
        "    before = open('/proc/self/oom_score_adj').read()\n"
        "    try:\n"
        "        open('/proc/self/oom_score_adj', 'w').write('0')\n"
        "    except OSError:\n"
        "        pass\n"
        "    return before, open('/proc/self/oom_score_adj').read()\n"
    )
    if "without:hidden-counters" in docker_box.isolation:
        pytest.skip("this kernel has no Landlock, and the results say so")
    (seen,) = await docker_box.run([Job(code=code, form=Call(entry="f"))])
    assert seen.value == ("1000\n", "1000\n")


async def test_a_program_meets_only_modules_that_many_programs_import(docker_box: Sandbox):
    """A module with a hook for forks, or a library, would cost every run; threads still work."""
    source = """
import sys
early = sorted({"threading", "zlib", "subprocess", "socketserver", "asyncio"} & {*sys.modules})
import threading
done = []
thread = threading.Thread(target=done.append, args=(1,))
thread.start()
thread.join()
early, done
"""
    (seen,) = await docker_box.run([Job(code="", form=Expression(source=source))])
    assert seen.value == ([], [1]), seen


async def test_each_program_reads_its_own_part_of_proc_and_no_other(docker_box: Sandbox):
    source = """
def readable(path):
    try:
        return bool(open(path).read(1))
    except OSError:
        return False
[readable(path) for path in ("/proc/self/status", "/proc/self/maps", "/proc/1/status")]
"""
    jobs = [Job(code="", form=Expression(source=source))] * 3
    for seen in await docker_box.run(jobs):
        assert seen.value == [True, True, False], seen
