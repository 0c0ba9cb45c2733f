"""A Docker engine that goes away during a job, and comes back for the next."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.atlas_lsp.stdio import Client
from tests.atlas_lsp.test_process import EASY, PROGRESS, started_job, told
from tests.relay import relay

PATIENCE_S = 300
"""Half a minute of it is the sandbox's, which waits for the engine to come back."""
pytestmark = [pytest.mark.docker, pytest.mark.slow]


def test_the_job_names_the_lost_engine_and_the_next_one_is_solved(tmp_path: Path):
    with relay() as engine, Client(tmp_path, env={"DOCKER_HOST": engine.url}) as client:
        started_job(client)
        engine.end()
        until_ends(client, 1)
        (said,) = told(client, "end")
        assert "the sandbox is gone: no Docker" in said
        assert engine.url.removeprefix("unix://") in said
        assert client.command("atlas.jobs") == []
        engine.begin()
        client.open("file:///project/b.py", EASY)
        client.command("atlas.solve", "file:///project/b.py", "is_even")
        until_ends(client, 2)
        assert told(client, "end")[1].startswith("is_even: verified")
        assert client.stop() == 0


def test_without_an_engine_a_job_says_so_and_the_next_one_finds_it(tmp_path: Path):
    with relay() as engine, Client(tmp_path, env={"DOCKER_HOST": engine.url}) as client:
        engine.end()
        client.start(capabilities=PROGRESS)
        client.open("file:///project/b.py", EASY)
        for n, wanted in ((1, "no Docker"), (2, "is_even: verified")):
            client.command("atlas.solve", "file:///project/b.py", "is_even")
            until_ends(client, n)
            assert wanted in told(client, "end")[n - 1]
            if n == 1:
                engine.begin()
        assert client.stop() == 0


def until_ends(client: Client, n: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(told(client, "end")) < n:
        client.receive(deadline)
