"""What a server finished waits in the history for the next one, until it is taken or discarded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.atlas_lsp.simulated import EDITORS, STUB, URI, Editor
from tests.atlas_lsp.test_features import check, solve

APPLY = "apply verified solution of `twice` (2/2 examples)"
Do = Callable[[Editor], Awaitable[object]]


def next_server(
    cache: Path, before: Do, text: str = STUB, now: str = STUB, **how: bool
) -> tuple[list[str], Editor]:
    """Solve, do `before`, and see what a server that comes after it offers for `now`."""

    async def first(editor: Editor) -> None:
        await solve(editor)
        await before(editor)

    check(cache, first, text, apply="offer")
    offered: list[str] = []

    async def second(editor: Editor) -> None:
        await asyncio.sleep(2)
        offered.extend(one["title"] for one in await editor.actions(0, triggerKind=1))
        if how.get("apply"):
            editor.solver.still_passes = how.get("passes", True)
            await editor.command("atlas.apply", URI, "twice")
            await asyncio.sleep(2)

    return offered, check(cache, second, now, manners=EDITORS["honest"])


async def nothing(editor: Editor) -> None:
    pass


def test_a_result_comes_back_and_is_proved_anew_before_it_is_applied(tmp_path: Path):
    offered, editor = next_server(tmp_path, nothing, apply=True)
    assert any(f"{APPLY}; from an earlier session" in title for title in offered)
    assert editor.solver.n_verified == 1
    assert "return 2 * n" in editor.text


def test_a_result_that_passes_no_more_is_not_applied(tmp_path: Path):
    _, editor = next_server(tmp_path, nothing, apply=True, passes=False)
    assert editor.text == STUB
    assert any("no longer passes" in message for message in editor.messages)


@pytest.mark.parametrize(("manners", "is_proved_first"), [("honest", True), ("blind", False)])
def test_the_code_action_proves_it_anew_where_we_may_send_an_edit(
    tmp_path: Path, manners: str, is_proved_first: bool
):
    taken: list[bool] = []

    async def look(editor: Editor) -> None:
        await asyncio.sleep(2)
        found = [one for one in await editor.actions(0, triggerKind=1) if APPLY in one["title"]]
        taken.extend("edit" not in one for one in found)

    check(tmp_path, solve, STUB, apply="offer")
    check(tmp_path, look, STUB, manners=EDITORS[manners])
    assert taken == [is_proved_first]


async def discard(editor: Editor) -> None:
    assert await editor.command("atlas.discard", URI, "twice")


@pytest.mark.parametrize(
    ("before", "now"), [(discard, STUB), (nothing, STUB.replace("twice", "thrice"))]
)
def test_what_was_discarded_or_changed_stays_away(tmp_path: Path, before: Do, now: str):
    offered, _ = next_server(tmp_path, before, now=now)
    assert offered
    assert not any("apply" in title for title in offered)


def test_a_record_that_cannot_be_read_is_passed_over(tmp_path: Path):
    def tear() -> None:
        (path,) = tmp_path.rglob("evidence.json")
        path.write_text(path.read_text()[:-40])

    async def torn(editor: Editor) -> None:
        tear()

    offered, editor = next_server(tmp_path, torn)
    assert not any("apply" in title for title in offered)
    assert editor.messages == []
