"""The suite that a stranger can run: every promise holds here, and a broken one is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from sandbox.api import Job, Observation, Outcome, Sandbox
from sandbox.selftest import PROMISES, Kept, Promise, as_table, check
from tests.sandbox.conftest import our_containers


@pytest.mark.docker
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.text)
async def test_each_promise_is_kept_in_a_container(docker_box: Sandbox, promise: Promise):
    (kept,) = await check(docker_box, [promise])
    assert kept.ok, kept.complaints


async def test_without_walls_less_is_promised_and_that_is_kept(local_box: Sandbox):
    kept = await check(local_box)
    assert [one.text for one in kept] == [one.text for one in PROMISES if not one.walls]
    assert not [complaint for one in kept for complaint in one.complaints]


class Careless:
    """Keeps the Protocol; whatever is run is said to have given True."""

    kind = "docker"
    isolation = ("container",)

    async def start(self) -> None: ...

    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        return tuple(Observation(outcome=Outcome.RETURNED, value=True) for _ in jobs)

    async def aclose(self) -> None: ...


async def test_a_sandbox_that_says_yes_to_everything_is_found_out():
    broken = [one for one in await check(Careless()) if not one.ok]
    assert {"every program ends at its limits"} <= {one.text for one in broken}
    for one in broken:
        assert all(complaint.startswith("program ") for complaint in one.complaints)


class Broken(Careless):
    async def run(self, jobs: Sequence[Job], *, group: str = "") -> tuple[Observation, ...]:
        return tuple(Observation(outcome=Outcome.SANDBOX_ERROR, detail="gone") for _ in jobs)


async def test_machinery_that_breaks_keeps_no_promise():
    assert not [one for one in await check(Broken()) if one.ok]


def test_the_table_shows_what_was_broken():
    good = Kept(text="good", against="x", n_programs=2, complaints=())
    table = as_table([good, replace(good, text="bad", complaints=("program 1: no",))], ["walls"])
    assert [line.split()[-1] for line in table.splitlines()[1:3]] == ["yes", "NO"]
    assert "    program 1: no" in table
    assert table.endswith("in force: walls")


ATLAS = "import sys; from atlas_lsp.start import atlas; sys.exit(atlas())"


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["-m", "sandbox.selftest"], ["-c", ATLAS, "sandbox", "selftest"]]
)
def test_the_command_prints_all_and_leaves_nothing(command: list[str]):
    before = our_containers()
    done = subprocess.run(
        [sys.executable, *command, "--json"], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    said = json.loads(done.stdout)
    assert [one["complaints"] for one in said["promises"] if not one["ok"]] == []
    assert done.returncode == 0
    assert [one["text"] for one in said["promises"]] == [one.text for one in PROMISES]
    assert "container" in said["isolation"]
    assert our_containers() <= before


def test_no_engine_is_no_broken_promise():
    environment = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.selftest"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert "no Docker socket" in done.stderr
