"""What stays closed to an honest program is named beside its failure, in both forms."""

from __future__ import annotations

import pytest

from sandbox.api import Call, ExceptionSeen, Returns, Sandbox, Test
from sandbox.closed import CLOSED, hint
from sandbox.verdicts import run_tests
from tests.sandbox.test_contract import doctest_of

FAILURES = {
    "no network": "import socket\ndef f(): socket.create_connection(('192.0.2.1', 80), 2)",
    "no network but": "import urllib.request\ndef f(): urllib.request.urlopen('http://example.org')",
    "no sockets but": "import socket\ndef f(): socket.socket(socket.AF_INET, socket.SOCK_RAW)",
    "nothing to write": "def f(): open('/etc/x', 'w')",
    "16 MB": "def f(): open('x', 'wb').write(b'x' * (20 << 20))",
    "256 open files": "def f(): return [open('/dev/null') for _ in range(300)]",
    "64 processes": (
        "import threading, time\n"
        "def f():\n"
        "    for _ in range(100):\n"
        "        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
    ),
    "no programs": "import subprocess\ndef f(): subprocess.run(['git', 'status'])",
    "nothing that can be run": (
        "import os, subprocess\n"
        "def f():\n"
        "    open('/tmp/run', 'w').write('#!/bin/sh\\n')\n"
        "    os.chmod('/tmp/run', 0o755)\n"
        "    subprocess.run(['/tmp/run'])\n"
    ),
    "no such system call": "import os\ndef f(): os.chroot('/tmp')",
    "no look": "def f(): open('/proc/1/stat')",
}


@pytest.mark.docker
@pytest.mark.parametrize("what", FAILURES)
async def test_the_failure_names_what_is_closed(docker_box: Sandbox, what: str):
    call = Test(test_id="t", form=Call(entry="f"), expect=Returns(value=1))
    verdicts = await run_tests(docker_box, FAILURES[what], [call, doctest_of(("f()\n", "1\n"))])
    for verdict in verdicts:
        assert f"; the sandbox has {what}" in verdict.detail
        assert "\n" not in verdict.detail


async def test_other_failures_and_other_sandboxes_get_no_such_words(each_box: Sandbox):
    code = "def f(): raise ValueError('no')\ndef g(): open('/nothing/here.txt')\n"
    tests = [Test(test_id=n, form=Call(entry=n), expect=Returns(value=1)) for n in "fg"]
    for verdict in await run_tests(each_box, code, tests):
        assert "the sandbox has" not in verdict.detail


def test_without_walls_nothing_is_closed():
    seen = ExceptionSeen(type="OSError", message="[Errno 101] Network is unreachable")
    assert hint(seen, ("container",))
    assert not hint(seen, ("unsandboxed",))


def test_each_thing_that_is_closed_has_an_example():
    assert len(CLOSED) <= len(FAILURES)
    shown = [one.what for one in CLOSED]
    missing = [w for w in shown if not any(w.startswith(what) for what in FAILURES)]
    assert missing == ["64 MB for one file at the most"]
