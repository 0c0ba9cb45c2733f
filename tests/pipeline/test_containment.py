"""No byte that a model wrote acts outside the sandbox."""

from __future__ import annotations

import socket
import uuid
from pathlib import Path

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Solution
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from sandbox.api import Sandbox

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.docker]

STUB = '''def double(n):
    """Twice n.

    >>> double(2)
    4
    """
'''


def is_here(name: str) -> bool:
    return Path(name).exists()


async def check(box: Sandbox, body: str) -> Solution:
    """Solve with a model that writes `body`, by itself right, with something hostile in it."""
    document = document_from_bytes(STUB.encode())
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    answer = f"```python\ndef double(n):\n{lines}    return 2 * n\n```"
    settings = Settings(k=1, plan_search=False, repair=False, mechanical=False, thinking_tokens=0)
    ctx = Context(model=ScriptedModel([answer] * 2), sandbox=box, settings=settings)
    return await solve(ctx, task_from_file(document, find_function(document, "double")))


async def test_a_file_that_a_candidate_creates_is_not_on_this_machine(box: Sandbox):
    name = f"/tmp/atlas-{uuid.uuid4().hex}"
    solution = await check(box, f"open({name!r}, 'w').write('here')")
    assert solution.chosen is not None
    assert not is_here(name)


async def test_a_socket_that_a_candidate_opens_is_not_on_this_machine(box: Sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    body = (
        "import socket, os, time\n"
        f"server = socket.create_server(('0.0.0.0', {port}))\n"
        "if os.fork() == 0:\n"
        "    time.sleep(60)\n"
    )
    await check(box, body)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


async def test_a_listener_here_is_not_reached_from_a_candidate(box: Sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        body = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=1)"
        solution = await check(box, body)
        with pytest.raises(TimeoutError):
            server.accept()
    assert not solution.is_good


async def test_a_candidate_that_kills_its_parents_harms_nobody(box: Sandbox):
    body = (
        "import os, signal\n"
        "for pid in (os.getppid(), 1):\n"
        "    try:\n"
        "        os.kill(pid, signal.SIGKILL)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    assert (await check(box, body)).chosen is not None
    assert (await check(box, "pass")).is_good
