"""What a sandbox promises, as small programs that anyone can run against a new engine or runtime.

`python -m sandbox.selftest` prints a table of promises; `check` is for test suites.
It asks a running sandbox only: that nothing is left behind by a killed host is tested elsewhere.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from sandbox import open_sandbox
from sandbox.api import (
    BROKEN_MACHINERY,
    PROOF_SEED,
    Call,
    Form,
    Job,
    Limits,
    Observation,
    Outcome,
    Program,
    Sandbox,
    SandboxUnavailable,
)

_F = Call(entry="f")
_ENDS = frozenset({Outcome.RETURNED})
_NO_ANSWER = frozenset(Outcome) - BROKEN_MACHINERY - _ENDS
_SHORT = Limits(cpu_s=0.3, wall_s=3.0)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A program, and what must be seen of it."""

    code: str
    form: Form = _F
    limits: Limits = field(default_factory=lambda: Limits(cpu_s=5.0))
    outcomes: frozenset[Outcome] = _ENDS
    value: Callable[[object], bool] = lambda value: value is True
    """Of the value, where the program is to return one; usually it says itself that all is well."""
    hash_seed: int = 0
    fresh: str = ""

    def job(self) -> Job:
        return Job(
            code=self.code,
            form=self.form,
            limits=self.limits,
            hash_seed=self.hash_seed,
            fresh=self.fresh,
        )

    def complaint(self, seen: Observation) -> str:
        """One line, empty where all is as promised."""
        if seen.outcome not in self.outcomes:
            what = seen.exception or seen.detail
            return f"{seen.outcome.value} {what}, instead of {' or '.join(sorted(self.outcomes))}"
        if seen.outcome is Outcome.RETURNED and not self.value(seen.value):
            return f"gave {seen.value!r:.300}"
        return ""


@dataclass(frozen=True, kw_only=True)
class Promise:
    text: str
    against: str
    probes: tuple[Probe, ...]
    walls: bool = True
    """Whether it needs a container; `unsafe-local` promises only the others."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What became of one promise."""

    text: str
    against: str
    n_programs: int
    complaints: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.complaints


def _refused(*acts: str, setup: str = "import os, socket, ctypes, subprocess") -> Probe:
    """Each act must raise an OSError."""
    lines = [f"    lambda: {act}," for act in acts]
    code = "\n".join(
        [
            setup,
            "acts = [",
            *lines,
            "]",
            "def f():",
            "    done = []",
            "    for number, act in enumerate(acts):",
            "        try: act()",
            "        except OSError: continue",
            "        done.append(number)",
            "    return done or True",
        ]
    )
    return Probe(code=code)


def _ends(
    body: str, *outcomes: Outcome, setup: str = "import os, time", limits: Limits = _SHORT
) -> Probe:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    code = f"{setup}\ndef f():\n{lines}"
    return Probe(code=code, limits=limits, outcomes=frozenset(outcomes))


def _holds(body: str, setup: str = "import os", **more: object) -> Probe:
    """The body returns True where all is well."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return Probe(code=f"{setup}\ndef f():\n{lines}", **more)  # type: ignore[arg-type]


_SYSCALL = (
    "import ctypes, os\n"
    "libc = ctypes.CDLL(None, use_errno=True)\n"
    "def call(*words):\n"
    "    if libc.syscall(*words) < 0: raise OSError(ctypes.get_errno())\n"
    "x86 = os.uname().machine == 'x86_64'\n"
)
_LEAVE = """
open('left', 'w').close()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1)
    os._exit(0)
return True
"""
_NOTHING_LEFT = "return not os.path.exists('left') and not hasattr(os, 'left')"
_ALONE = "return sorted(int(p) for p in os.listdir('/proc') if p.isdigit()) == [1, os.getpid()]"

PROMISES: tuple[Promise, ...] = (
    Promise(
        text="a result is what the program gave, and nothing that only looks like one",
        against="forged results: objects that equal everything, frames of its own, early exits",
        walls=False,
        probes=(
            Probe(
                code="class E:\n    def __eq__(self, other): return True\ndef f(): return E()",
                value=lambda value: value != 9,
            ),
            _ends("os._exit(0)", Outcome.NO_RESULT),
            _ends("os.write(3, b'\\0\\0\\0\\1N' * 2)\nreturn 9", Outcome.BAD_RESULT),
            _ends("os.close(3)\nreturn 9", *_NO_ANSWER),
            _ends("os.kill(os.getpid(), 15)", Outcome.CRASH),
            Probe(code="raise SystemExit(3)", form=Program(), outcomes=frozenset({Outcome.RAISED})),
        ),
    ),
    Promise(
        text="every program ends at its limits",
        against="loops, sleepers, floods, bombs",
        walls=False,
        probes=(
            _ends("while True: pass", Outcome.TIMEOUT_CPU),
            _ends(
                "signal.pthread_sigmask(0, range(1, 65))\nwhile True: pass",
                Outcome.TIMEOUT_CPU,
                setup="import signal",
            ),
            _ends("return 9 ** 9 ** 9", Outcome.TIMEOUT_CPU),
            _ends("time.sleep(99)", Outcome.TIMEOUT_WALL),
            _ends("while True: print('x' * 999)", Outcome.OUTPUT_LIMIT),
            _ends(
                "x = []\nwhile True: x.append(bytearray(1 << 20))",
                Outcome.MEMORY,
                # Filling the memory takes a busy machine longer than the others' limit.
                limits=Limits(cpu_s=5.0),
            ),
        ),
    ),
    Promise(
        text="a bomb of processes ends, and costs the others nothing",
        against="fork bombs",
        probes=(
            _ends(
                "while True:\n    try: os.fork()\n    except OSError: pass",
                *(Outcome.TIMEOUT_CPU, Outcome.TIMEOUT_WALL),
            ),
            _holds("return True"),
        ),
    ),
    Promise(
        text="CPU time is what the kernel counted, of all processes",
        against="children that nobody reaps",
        probes=(
            _ends(
                "for _ in range(40):\n"
                "    if os.fork() == 0:\n"
                "        end = time.process_time() + 0.05\n"
                "        while time.process_time() < end: pass\n"
                "        os._exit(0)\n"
                "    try: os.wait()\n"
                "    except ChildProcessError: pass\n"
                "return 9",
                Outcome.TIMEOUT_CPU,
                setup="import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)",
            ),
        ),
    ),
    Promise(
        text="no file and no name of one run is there in the next",
        against="what is left for a later run",
        walls=False,
        probes=(_holds(_LEAVE, "import os, time\nos.left = 1"), _holds(_NOTHING_LEFT)),
    ),
    Promise(
        text="no process and no shared memory outlives its run",
        against="daemons, and what they share",
        probes=(
            _holds("open('/dev/shm/left', 'w').close()\n" + _LEAVE, "import os, time"),
            _holds(_ALONE),
            _holds("return os.listdir('/dev/shm') == []"),
        ),
    ),
    Promise(
        text="no network but a loopback of its own",
        against="programs that call home or reach this machine",
        probes=(
            _refused(
                "socket.create_connection(('192.0.2.1', 80), 1)",
                "socket.create_connection(('127.0.0.1', 22), 1)",
                "socket.getaddrinfo('example.org', 80)",
                "socket.socket(socket.AF_INET, socket.SOCK_RAW)",
                "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
                "socket.socket(40, socket.SOCK_STREAM)",
            ),
            _holds("return sorted(os.listdir('/sys/class/net')) == ['lo']"),
        ),
    ),
    Promise(
        text="nothing outside /tmp, /dev/shm and the home folder can be written, nothing there run",
        against="changes of the file system, programs that are brought along",
        probes=(
            _refused(
                *(f"open({path!r}, 'w')" for path in ("/x", "/etc/passwd", "/usr/x", "/opt/x")),
                "os.mkdir('/new')",
                "open('/proc/sys/kernel/hostname', 'w')",
            ),
            _refused(
                "run('/tmp/x')",
                "run('/dev/shm/x')",
                setup="import os, subprocess\n"
                "def run(path):\n"
                "    with open(path, 'w') as file: file.write('#!/bin/sh\\n')\n"
                "    os.chmod(path, 0o755)\n"
                "    subprocess.run([path])",
            ),
        ),
    ),
    Promise(
        text="a program is another user than its worker, without capabilities",
        against="programs that become more than they are",
        probes=(
            _holds(
                "rows = dict(l.split(':', 1) for l in open('/proc/self/status') if ':' in l)\n"
                "caps = [int(rows[k], 16) for k in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')]\n"
                "return os.getuid() != 0 and caps == [0] * 4 and rows['NoNewPrivs'].strip() == '1'"
            ),
            _refused("os.setuid(0)", "os.setgroups([0])", "os.chown('/tmp', 1, 1)"),
        ),
    ),
    Promise(
        text="the worker cannot be ended, stopped, read or traced",
        against="programs that go for who watches them",
        probes=(
            _refused(
                "os.kill(1, 9)",
                "os.kill(1, 19)",
                "open('/proc/1/mem', 'rb')",
                "open('/proc/1/environ', 'rb')",
                "os.sched_setaffinity(1, {0})",
                "__import__('resource').prlimit(1, 7, (3, 3))",
                "open('/proc/self/oom_score_adj', 'w').write('0')",
            ),
        ),
    ),
    Promise(
        text="system calls that reach past the container are refused",
        against="attacks on the kernel",
        probes=(
            _refused(
                *(
                    f"call({x86} if x86 else {arm}, 0, 0, 0, 0, 0, 0)"
                    for x86, arm in (
                        *((101, 117), (272, 97), (308, 268), (165, 40), (321, 280), (298, 241)),
                        *((425, 425), (323, 282), (250, 219), (310, 270), (29, 194), (240, 180)),
                    )
                ),
                setup=_SYSCALL,
            ),
        ),
    ),
    Promise(
        text="names, numbers and counters do not tell a fresh sandbox from a used one",
        against="programs that behave otherwise where they are watched",
        probes=(
            _holds(
                "words = repr((dict(os.environ), sys.orig_argv, sys.argv, socket.gethostname()))\n"
                "words += open('/proc/self/cmdline').read() + open('/proc/self/cgroup').read()\n"
                "old = time.time() - os.stat('/tmp').st_mtime > 3600\n"
                "known = pwd.getpwuid(os.getuid()).pw_dir == os.path.expanduser('~')\n"
                "told = [w for w in ('sandbox', 'atlas', 'docker') if w in words.lower()]\n"
                "return os.getpid() > 500 and old and known and not told or (words, told)",
                "import os, pwd, socket, sys, time",
            ),
            _holds(
                "for base, _, names in os.walk('/sys/fs/cgroup'):\n"
                "    for name in names:\n"
                "        try:\n"
                "            if open(os.path.join(base, name)).read(): return name\n"
                "        except OSError: pass\n"
                "try: return open('/proc/1/stat').read()\n"
                "except OSError: return True"
            ),
            _holds("return os.getpid() > 500", hash_seed=PROOF_SEED, fresh="selftest"),
        ),
    ),
    Promise(
        text="one seed gives one order of sets and one row of random numbers",
        against="results by luck",
        walls=False,
        probes=(
            Probe(code="def f(): return hash('a') == hash('a')"),
            _holds(
                "return random.random() == random.Random(0).random()", "import random", hash_seed=0
            ),
        ),
    ),
    Promise(
        text="honest programs run: processes, threads, sockets, time zones, their own file",
        against="false failures",
        probes=(
            _holds(
                "with get_context('fork').Pool(2) as pool:\n"
                "    return pool.map(abs, [-1, -2]) == [1, 2]",
                "from multiprocessing import get_context",
            ),
            _holds(
                "with socket.create_server(('localhost', 0)) as server:\n"
                "    near = socket.create_connection(server.getsockname())\n"
                "    far, _ = server.accept()\n"
                "    far.send(b'x')\n"
                "    return near.recv(1) == b'x'",
                "import socket",
            ),
            _holds(
                "locale.setlocale(locale.LC_ALL, 'C.UTF-8')\n"
                "return ZoneInfo('Europe/Berlin').key == 'Europe/Berlin'",
                "import locale\nfrom zoneinfo import ZoneInfo",
            ),
            _holds("return 'def f' in open(__file__).read()"),
            _holds(
                "threading.stack_size(256 << 20)\n"
                "done = threading.Event()\n"
                "threading.Thread(target=done.set).start()\n"
                "return done.wait(5)",
                "import threading",
            ),
            _holds(
                "words = [sys.executable, '-c', 'print(6 * 7)']\n"
                "done = subprocess.run(words, capture_output=True)\n"
                "return done.stdout == b'42\\n'",
                "import subprocess, sys",
            ),
        ),
    ),
)


async def check(box: Sandbox, promises: Sequence[Promise] = PROMISES) -> tuple[Kept, ...]:
    """Run the programs of each promise, in order, in a started sandbox.

    One after the other: what one leaves behind is what the next would find.
    """
    return tuple(
        [await _check(box, one) for one in promises if box.kind == "docker" or not one.walls]
    )


async def _check(box: Sandbox, promise: Promise) -> Kept:
    complaints = []
    for number, probe in enumerate(promise.probes, 1):
        (seen,) = await box.run([probe.job()], group="selftest")
        if complaint := probe.complaint(seen):
            complaints.append(f"program {number}: {complaint}")
    return Kept(
        text=promise.text,
        against=promise.against,
        n_programs=len(promise.probes),
        complaints=tuple(complaints),
    )


def as_table(kept: Sequence[Kept], isolation: Sequence[str]) -> str:
    lines = [f"{'promise':84} {'programs':>8}  kept"]
    for one in kept:
        lines.append(f"{one.text:84} {one.n_programs:>8}  {'yes' if one.ok else 'NO'}")
        lines += [f"    {complaint}" for complaint in one.complaints]
    lines.append(f"in force: {', '.join(isolation)}")
    return "\n".join(lines)


async def run(kind: str, runtime: str | None) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
    """Start a sandbox, ask it everything, close it. Raises SandboxUnavailable."""
    box = open_sandbox(kind, workers=1, runtime=runtime)  # type: ignore[arg-type]
    try:
        await box.start()
        return await check(box), box.isolation
    finally:
        await box.aclose()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.selftest", description=__doc__)
    parser.add_argument("--kind", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--runtime", help="the engine's container runtime, as runsc or kata")
    parser.add_argument("--json", action="store_true", help="one JSON document, not a table")
    args = parser.parse_args(words)
    try:
        kept, isolation = asyncio.run(run(args.kind, args.runtime))
    except SandboxUnavailable as exc:
        print(f"sandbox: {exc}", file=sys.stderr)
        return 3
    rows = [asdict(one) | {"ok": one.ok} for one in kept]
    said = json.dumps({"promises": rows, "isolation": isolation})
    print(said if args.json else as_table(kept, isolation))
    return 0 if all(one.ok for one in kept) else 1


if __name__ == "__main__":
    sys.exit(main())
