"""Repair or restart: the decision follows the numbers, and the numbers survive bad files."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from pipeline.core.board import Move, Try
from pipeline.core.context import Context
from pipeline.core.events import Decided, Event, Progress
from pipeline.models.scripted import ScriptedModel
from pipeline.repair.policy import MOVES, Count, choose_moves, gain, learn, load
from pipeline.storage.kept import keep
from sandbox import open_sandbox

GOOD = Count(tried=40, won=30, tokens=4_000)
BAD = Count(tried=40, won=1, tokens=4_000)
DEAR = Count(tried=40, won=30, tokens=400_000)


def context(counts: Path | None, events: list[Event] | None = None) -> Context:
    return Context(
        model=ScriptedModel([]),
        sandbox=open_sandbox("unsafe-local"),
        counts=counts,
        emit=(events if events is not None else []).append,
    )


def kept(path: Path, repair: Count, restart: Count) -> Path:
    rows = {"repair": vars(repair), "restart": vars(restart)}
    assert keep(path, json.dumps({"scripted": rows}).encode())
    return path


def decided(path: Path | None, round_: int = 0) -> tuple[tuple[Move, ...], list[Event]]:
    events: list[Event] = []
    return choose_moves(context(path, events), round_, 2, 100.0), events


@pytest.mark.parametrize(
    ("repair", "restart", "move"),
    [(GOOD, BAD, "repair"), (BAD, GOOD, "restart"), (DEAR, GOOD, "restart")],
)
def test_the_decision_follows_the_numbers(
    tmp_path: Path, repair: Count, restart: Count, move: Move
):
    moves, _ = decided(kept(tmp_path / "counts.json", repair, restart))
    assert moves == (move, move)


def test_close_gains_try_both():
    assert set(decided(None)[0]) == set(MOVES)


def test_two_failed_rounds_leave_only_a_restart(tmp_path: Path):
    moves, _ = decided(kept(tmp_path / "counts.json", GOOD, BAD), round_=2)
    assert moves == ("restart", "restart")


def test_every_decision_is_an_event_with_its_numbers(tmp_path: Path):
    moves, events = decided(kept(tmp_path / "counts.json", GOOD, BAD))
    (event,) = [e for e in events if isinstance(e, Decided)]
    assert event.what == "policy"
    assert event.choice == ", ".join(moves)
    assert event.numbers["repair won"] == 30
    wanted = round(1000 * gain("restart", BAD, 100.0), 4)
    assert event.numbers["restart gain per 1000 tokens"] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '{"scripted": 3}',
        '{"scripted": {"repair": {"won": "x"}}}',
        '{"scripted": {"repair": {"tried": 1, "won": 2, "tokens": 3}}}',
        '{"scripted": {"repair": {"tried": -1, "won": -2, "tokens": 3}}}',
    ],
)
def test_a_corrupt_file_costs_one_line_and_the_priors_decide(tmp_path: Path, text: str):
    path = tmp_path / "counts.json"
    path.write_text(text)
    moves, events = decided(path)
    (warning,) = [e.message for e in events if isinstance(e, Progress)]
    assert "\n" not in warning
    assert str(path) in warning
    assert moves == decided(None)[0]
    learn(context(path), [Try(move="repair", tokens=7)], {"repair": 1})
    assert load(context(path))["repair"] == Count(tried=1, won=1, tokens=7)


def test_a_file_that_is_no_text_is_corrupt_too(tmp_path: Path):
    path = tmp_path / "counts.json"
    path.write_bytes(b"\xff\xfe\x00")
    _, events = decided(path)
    assert any(isinstance(e, Progress) for e in events)


def test_a_folder_in_the_way_costs_a_warning(tmp_path: Path):
    path = tmp_path / "counts.json"
    path.mkdir()
    events: list[Event] = []
    ctx = context(path, events)
    choose_moves(ctx, 0, 2, 100.0)
    learn(ctx, [Try(move="repair", tokens=7)], {})
    assert [type(e).__name__ for e in events].count("Progress") == 2


def _learn_often(path: Path) -> None:
    for _ in range(20):
        learn(context(path), [Try(move="restart", tokens=5)], {"restart": 1})


def test_concurrent_writers_lose_nothing(tmp_path: Path):
    path = tmp_path / "counts.json"
    # Forking would copy the threads of other tests' loops.
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_learn_often, args=(path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert load(context(path))["restart"] == Count(tried=60, won=60, tokens=300)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["counts.json", "counts.json.lock"]


def test_nothing_is_written_where_no_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    learn(context(None), [Try(move="restart", tokens=5)], {"restart": 1})
    assert list(tmp_path.iterdir()) == []
