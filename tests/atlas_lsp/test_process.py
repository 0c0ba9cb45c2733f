"""The real process with the real model and sandbox: how it starts, how it ends, what it leaves."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.atlas_lsp.stdio import Client, children_of
from tests.hopeless import HOPELESS

URI = "file:///project/a.py"
EASY = """\
def is_even(n):
    '''Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    '''
"""
PROGRESS = {"window": {"workDoneProgress": True}}
PATIENCE_S = 60
"""For what is over in a second on an idle machine."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(tmp_path) as one:
        yield one


def containers_of(pid: int) -> list[str]:
    """Containers whose owner is that process."""
    command = ["docker", "ps", "-q", "--no-trunc", "--filter", "label=org.atlas.sandbox"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in names if str(pid) in labels_of(name)]


def labels_of(container: str) -> list[str]:
    command = ["docker", "inspect", "--format", "{{json .Config.Labels}}", container]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [str(v) for v in (json.loads(done.stdout.strip() or "{}") or {}).values()]


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def started_job(client: Client) -> None:
    """A job that will not find anything, up to its first sign of work in the sandbox."""
    client.start(capabilities=PROGRESS, initializationOptions={"timeout": 120, "k": 8})
    client.open(URI, HOPELESS)
    assert client.command("atlas.solve", URI, "f")["jobId"]
    deadline = time.monotonic() + 2 * PATIENCE_S
    while not any(
        "mend" in str(m["params"].get("value", {}).get("message"))
        for m in client.others
        if m["method"] == "$/progress"
    ):
        client.receive(deadline)


@pytest.mark.docker
@pytest.mark.parametrize("end", ["shutdown", "exit", "EOF", "SIGTERM", "SIGINT"])
def test_every_end_leaves_nothing(client: Client, end: str):
    started_job(client)
    pid = client.process.pid
    below = children_of(pid)
    owned = containers_of(pid)
    if end == "shutdown":
        assert client.stop() == 0
    elif end == "exit":
        client.notify("exit")
    elif end == "EOF":
        assert client.process.stdin
        client.process.stdin.close()
    else:
        client.process.send_signal(getattr(signal, end))
    code = client.process.wait(PATIENCE_S)
    assert code == (0 if end == "shutdown" else 1)
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in below), "no child")
    until(lambda: not set(owned) & set(containers_of(pid)), "no container")


@pytest.mark.docker
@pytest.mark.parametrize("stage", ["mechanical", "generate", "mend"])
def test_a_real_job_is_cancelled_at_each_stage(client: Client, stage: str):
    """At each that lasts: with nano a probe and a round of repair are over before one can act."""
    client.start(capabilities=PROGRESS, initializationOptions={"timeout": 120, "k": 8})
    client.open(URI, HOPELESS + "    return n\n")
    job = client.command("atlas.repair", URI, "f")["jobId"]
    deadline = time.monotonic() + 2 * PATIENCE_S
    while not any(said.startswith(f"{stage}:") for said in told(client, "report")):
        client.receive(deadline)
    containers = containers_of(client.process.pid)
    assert client.command("atlas.cancel", job) == 1
    while not told(client, "end"):
        client.receive(time.monotonic() + PATIENCE_S)
    assert client.command("atlas.jobs") == []
    until(lambda: is_quiet(containers), "no test that runs on")
    assert client.stop() == 0
    assert told(client, "end") == ["cancelled"]


def told(client: Client, kind: str) -> list[str]:
    """The messages of the progress so far."""
    values = [m["params"]["value"] for m in client.others if m["method"] == "$/progress"]
    return [str(value.get("message")) for value in values if value["kind"] == kind]


def is_quiet(containers: Sequence[str]) -> bool:
    """Nothing ends or begins in them for longer than one run of these examples takes."""
    before = [processes_in(one) for one in containers]
    time.sleep(2)
    return before == [processes_in(one) for one in containers]


def processes_in(container: str) -> set[str]:
    command = ["docker", "top", container, "-eo", "pid"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split()[1:])


@pytest.mark.docker
def test_a_killed_server_leaves_no_container(client: Client):
    started_job(client)
    pid = client.process.pid
    owned = containers_of(pid)
    client.process.kill()
    until(lambda: not set(owned) & set(containers_of(pid)), "no container")


@pytest.mark.docker
def test_a_vanished_editor_ends_the_server(tmp_path: Path):
    editor = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with Client(tmp_path, "--clientProcessId", str(editor.pid)) as client:
        client.start()
        editor.kill()
        editor.wait()
        assert client.process.wait(PATIENCE_S) == 1


@pytest.mark.docker
def test_replay_of_a_kept_result_is_the_same_byte_for_byte(client: Client):
    client.start(initializationOptions={"apply": "offer"})
    client.open(URI, EASY)
    client.command("atlas.solve", URI, "is_even")
    client.wait_for("window/showMessage", 120)
    evidence = client.command("atlas.evidence", URI, "is_even")
    assert evidence["evidence"]["status"] == "verified"
    client.others.clear()
    client.command("atlas.replay", URI, evidence["id"])
    told = client.wait_for("window/showMessage", 120)["params"]["message"]
    assert "the same code, the same status, the same tests" in told
    assert client.stop() == 0


@pytest.mark.docker
def test_doctests_are_run_on_request_and_shown(client: Client):
    client.start()
    client.open(URI, EASY + "    return n % 2 == 1\n")
    assert client.command("atlas.check", URI) is True
    shown = client.wait_for("textDocument/publishDiagnostics", 120)["params"]
    (found,) = shown["diagnostics"]
    assert found["range"]["start"] == {"line": 3, "character": 4}
    assert "2 of 2 examples fail" in found["message"]
    assert client.stop() == 0


def test_before_a_job_no_socket_is_opened_and_no_process_started(client: Client):
    client.start()
    client.open(URI, EASY)
    here = {"line": 0, "character": 5}
    client.ask(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": URI},
            "range": {"start": here, "end": here},
            "context": {"diagnostics": []},
        },
    )
    pid = client.process.pid
    assert children_of(pid) == set()
    assert connections_of(pid) == []
    assert client.stop() == 0


@pytest.mark.docker
def test_a_whole_scenario_uses_no_network_but_dockers_local_socket(client: Client):
    client.start(capabilities=PROGRESS, initializationOptions={"apply": "offer", "timeout": 20})
    client.open(URI, HOPELESS)
    client.command("atlas.solve", URI, "f")
    seen: set[str] = set()
    deadline = time.monotonic() + 120
    while not [m for m in client.others if m["method"] == "window/showMessage"]:
        client.receive(deadline)
        seen.update(connections_of(client.process.pid))
    assert seen == set()
    assert client.stop() == 0


def connections_of(pid: int) -> list[str]:
    """The process's TCP and UDP sockets, as the kernel lists them; Unix sockets do not count."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        rows = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        found += [row for row in rows if row.split()[9] in inodes]
    return found


def test_what_is_printed_goes_to_stderr_and_never_into_the_protocol(tmp_path: Path):
    code = (
        "import sys, atlas_lsp.transport as t; out = t.protocol_stdout();"
        "print('hello'); import os; os.write(1, b'raw'); out.write(b'frame')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"frame"
    assert b"hello" in done.stderr
    assert b"raw" in done.stderr


def test_junk_between_frames_and_bad_frames_do_no_harm(client: Client):
    client.start()
    client.write(b"junk\r\n\r\nmore junk\n")
    client.raw(b"{not json")
    client.raw(b"[1, 2]")
    client.raw(b'{"jsonrpc": "2.0", "id": 77, "method": "textDocument/hover", "params": 5}')
    assert client.reply(77)["error"]["code"] in (-32602, -32603)
    client.write(b"content-length: 2\r\nX-Other: 1\r\n\r\n{}")
    assert client.command("atlas.jobs") == []
    assert client.stop() == 0


def test_it_serves_on_a_socket(tmp_path: Path):
    with Client(tmp_path, "--tcp", "127.0.0.1:0") as client:
        assert client.process.stderr
        line = client.process.stderr.readline().decode()
        port = int(line.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as wire:
            body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}'
            wire.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert b"Content-Length" in wire.recv(1 << 16)
        assert client.process.wait(PATIENCE_S) == 1
