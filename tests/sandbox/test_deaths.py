"""Whoever dies, nothing is left behind and nothing that did not run is judged."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import open_sandbox
from sandbox.api import Call, Job, Limits, Observation, Outcome, Program, Sandbox
from sandbox.container import ContainerPlan, open_container, owner_labels, sweep
from sandbox.docker_engine import Client, connect, find_endpoint
from sandbox.docker_sandbox import DockerSandbox
from sandbox.image import LABEL, ensure_image
from sandbox.processes import descendants

from .conftest import our_containers

HOST = """
import asyncio, sys
from sandbox import open_sandbox
from sandbox.api import Job, Limits, Program

async def main():
    box = open_sandbox(sys.argv[1], workers=2)
    await box.start()
    print("started", flush=True)
    limits = Limits(cpu_s=60)
    job = Job(code="import os\\nos.fork()\\nwhile True: pass", form=Program(), limits=limits)
    await box.run([job] * 4)

asyncio.run(main())
"""
ENDLESS = Job(code="while True: pass", form=Program(), limits=Limits(cpu_s=60))
ONE = Job(code="def f(): return 1", form=Call(entry="f"))


def wait_for(condition: Callable[[], bool], timeout_s: float) -> bool:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


@pytest.fixture
def client() -> Iterator[Client]:
    client = connect(find_endpoint())
    yield client
    client.close()


def containers_of(pid: int) -> set[str]:
    command = ["docker", "ps", "-aq", "--no-trunc", "--filter", f"label={LABEL}.pid={pid}"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def started_host(kind: str) -> subprocess.Popen[str]:
    host = subprocess.Popen([sys.executable, "-c", HOST, kind], stdout=subprocess.PIPE, text=True)
    assert host.stdout is not None
    assert host.stdout.readline() == "started\n"
    return host


def killed(host: subprocess.Popen[str]) -> None:
    host.send_signal(signal.SIGKILL)
    host.wait()
    assert host.stdout is not None
    host.stdout.close()


@pytest.mark.docker
def test_a_killed_host_leaves_no_container():
    host = started_host("docker")
    assert wait_for(lambda: len(containers_of(host.pid)) >= 2, 10)
    killed(host)
    assert wait_for(lambda: not containers_of(host.pid), 10)


def test_a_killed_host_leaves_no_local_process_and_no_folder():
    host = started_host("unsafe-local")
    assert wait_for(lambda: len(descendants(host.pid)) >= 6, 10)
    pids = descendants(host.pid)
    folders = {folder_of(pid) for pid in pids}
    assert any(folder.is_dir() for folder in folders)
    killed(host)
    assert wait_for(lambda: not any(is_ours(pid) for pid in pids), 10)
    assert wait_for(lambda: not any(folder.exists() for folder in folders), 5)


def is_ours(pid: int) -> bool:
    try:
        return b"sandbox.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


async def check_killing_is_survived(box: Sandbox, kill: Callable[[], None]) -> None:
    """Tests go on in a fresh worker; what could not be finished is no evidence."""
    running = asyncio.create_task(box.run([ENDLESS, ONE, ONE]))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(kill)
    quick = await box.run([ONE] * 4, group="other")
    assert [seen.value for seen in quick] == [1] * 4
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.docker
async def test_killed_containers_are_replaced(client):
    box = open_sandbox("docker", workers=2)
    await box.start()

    def kill() -> None:
        for name in containers_of(os.getpid()) - before:
            client.kill(name)

    try:
        await check_killing_is_survived(box, kill)
    finally:
        await box.aclose()


@pytest.fixture(autouse=True)
def _others() -> None:
    """Containers of this process that other fixtures own."""
    global before
    before = containers_of(os.getpid()) if Path("/var/run/docker.sock").exists() else set()


before: set[str] = set()


async def test_killed_local_workers_are_replaced():
    box = open_sandbox("unsafe-local", workers=2)
    earlier = set(descendants(os.getpid()))
    await box.start()

    def kill() -> None:
        for pid in set(descendants(os.getpid())) - earlier:
            if is_ours(pid):
                os.kill(pid, signal.SIGKILL)

    try:
        await check_killing_is_survived(box, kill)
    finally:
        await box.aclose()


@pytest.mark.docker
async def test_two_deaths_of_the_worker_are_the_programs_doing(client):
    box = open_sandbox("docker", workers=1)
    await box.start()
    try:
        running = asyncio.create_task(box.run([ENDLESS]))
        for _ in range(2):
            await asyncio.to_thread(kill_the_next_busy_one, client)
        (seen,) = await running
        assert seen.outcome is Outcome.CRASH, seen
        assert "died twice" in seen.detail
        assert (await box.run([ONE]))[0].value == 1
    finally:
        await box.aclose()


def kill_the_next_busy_one(client: Client) -> None:
    def is_busy(name: str) -> bool:
        """Whether a test has used a second of CPU; the process that waits for one has not."""
        listed = subprocess.run(
            ["docker", "top", name, "-eo", "pid,user,time"],
            capture_output=True,
            text=True,
            check=False,
        )
        rows = [row.split() for row in listed.stdout.splitlines()[1:]]
        return any(user != "root" and time > "00:00:00" for _pid, user, time in rows)

    def one_is_busy() -> bool:
        return any(is_busy(name) for name in containers_of(os.getpid()) - before)

    assert wait_for(one_is_busy, 20)
    for name in containers_of(os.getpid()) - before:
        client.kill(name)


@pytest.mark.docker
async def test_closing_twice_leaves_nothing():
    box = open_sandbox("docker", workers=2)
    await box.start()
    await box.run([ONE])
    await box.aclose()
    await box.aclose()
    assert wait_for(lambda: containers_of(os.getpid()) <= before, 5)


async def test_closing_while_tests_run_ends_them():
    box = open_sandbox("unsafe-local", workers=1)
    await box.start()
    running = asyncio.create_task(box.run([ENDLESS] * 3))
    await asyncio.sleep(0.3)
    await box.aclose()
    seen = await running
    assert {one.outcome for one in seen} <= {Outcome.NOT_RUN, Outcome.SANDBOX_ERROR}


@pytest.mark.docker
def test_a_worker_without_word_from_its_host_ends_itself(client):
    """The case of a dead daemon, whose containers see no end of their input."""
    plan = ContainerPlan(
        image=ensure_image(client).tag, memory_mb=128, labels=owner_labels(), lease_s=1.0
    )
    container = open_container(client, plan, 0)
    try:
        assert wait_for(lambda: container.container_id not in our_containers(), 15)
    finally:
        container.close()


@pytest.mark.docker
def test_the_sweep_takes_orphans_and_spares_the_living(client):
    tag = ensure_image(client).tag
    mine = ContainerPlan(image=tag, memory_mb=128, labels=owner_labels())
    orphaned = {**owner_labels(), f"{LABEL}.started": "1"}
    elsewhere = {**orphaned, f"{LABEL}.host": "another-machine"}
    plans = (
        mine,
        ContainerPlan(image=tag, memory_mb=128, labels=orphaned),
        ContainerPlan(image=tag, memory_mb=128, labels=elsewhere),
    )
    opened = [open_container(client, plan, 0) for plan in plans]
    try:
        assert sweep(client) >= 1
        left = our_containers()
        assert [c.container_id in left for c in opened] == [True, False, True]
    finally:
        for container in opened:
            container.close()


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[OwnEngine]:
    if os.geteuid() != 0:
        pytest.skip("only root can start an engine of its own")
    engine = OwnEngine(tmp_path)
    try:
        engine.start()
        yield engine
    finally:
        engine.stop()


class OwnEngine:
    """A second dockerd, so that killing it hurts nobody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/d.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self.folder / "log").open("wb")
        folders = [f"--data-root={self.folder}/data", f"--exec-root={self.folder}/run"]
        rest = [f"--pidfile={self.folder}/pid", "--iptables=false", "--bridge=none"]
        with log:
            self.process = subprocess.Popen(
                ["dockerd", f"--host={self.url}", *folders, *rest], stdout=log, stderr=log
            )
        if not wait_for(self.answers, 60):
            pytest.skip("a second dockerd does not start here")

    def answers(self) -> bool:
        command = ["docker", "-H", self.url, "version"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it, and what its containerd may have left."""
        if self.process is None:
            return
        below = descendants(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        for pid in below:
            if str(self.folder) in command_line(pid):
                os.kill(pid, signal.SIGKILL)
        self.unmount()

    def unmount(self) -> None:
        """What a killed dockerd leaves mounted."""
        points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for point in sorted((p for p in points if p.startswith(str(self.folder))), reverse=True):
            subprocess.run(["umount", "-l", point], check=False)


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


# docker-py leaves the socket of a refused connection to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.docker
@pytest.mark.slow
async def test_an_engine_that_dies_gives_no_verdict_and_one_that_returns_goes_on(own_engine):
    box = DockerSandbox(workers=1, environ={"DOCKER_HOST": own_engine.url}, reconnect_s=2.0)
    await box.start()
    try:
        running = asyncio.create_task(box.run([ENDLESS, ONE]))
        await asyncio.sleep(0.5)
        own_engine.kill()
        check_nothing_is_judged(await running)
        own_engine.start()
        seen = await run_until_evidence(box)
        assert seen.value == 1
    finally:
        await box.aclose()


def check_nothing_is_judged(seen: tuple[Observation, ...]) -> None:
    assert {one.outcome for one in seen} <= {Outcome.NOT_RUN, Outcome.SANDBOX_ERROR}
    assert all(one.detail for one in seen)


async def run_until_evidence(box: Sandbox) -> Observation:
    for _ in range(20):
        (seen,) = await box.run([ONE])
        if seen.outcome is Outcome.RETURNED:
            return seen
    raise AssertionError(f"never came back: {seen}")


def test_a_hostname_is_what_labels_carry():
    assert owner_labels()[f"{LABEL}.host"] == socket.gethostname()


async def test_a_waiting_child_that_dies_costs_no_verdict_and_no_folder():
    """The next test's process is forked ahead; ended before its time, the test runs elsewhere."""
    others = set(descendants(os.getpid()))
    box = open_sandbox("unsafe-local", workers=1)
    await box.start()
    try:
        worker = min(set(descendants(os.getpid())) - others)
        assert await asyncio.to_thread(wait_for, lambda: bool(descendants(worker)), 10)
        folder = folder_of(worker)
        assert folder.is_dir()
        for pid in descendants(worker):
            os.kill(pid, signal.SIGKILL)
        (seen,) = await box.run([ONE])
    finally:
        await box.aclose()
    assert (seen.outcome, seen.value) == (Outcome.RETURNED, 1)
    assert not folder.exists()


def folder_of(worker: int) -> Path:
    """Where an unsafe-local worker keeps its tests' folders: the last word of its command line."""
    return Path(words_of(worker)[-1])


def words_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
