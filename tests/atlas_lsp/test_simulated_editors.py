"""Whatever the editor does and wherever the user types: no corrupted buffer, no lost result."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.atlas_lsp.simulated import (
    EDITORS,
    STUB,
    URI,
    Editor,
    FakeSolver,
    in_virtual_time,
    newline_of,
)

RUNS = 2000
BEFORE = '"""A module 🚀."""\n\f\nimport os  # \u2028 still a comment\n\n\n'
AFTER = "\n\ndef other():\n    return '🚀 untouched'\n"
WHEN = ("before the job", "during the job", "at the apply")
WHERE = ("before", "inside", "after")


@dataclass(frozen=True, kw_only=True)
class Typing:
    when: str
    where: str
    text: str
    whole: bool


@pytest.fixture(scope="module")
def cache() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


TYPING = st.builds(
    Typing,
    when=st.sampled_from(WHEN),
    where=st.sampled_from(WHERE),
    text=st.sampled_from(["# 🚀\n", "\n", "x = 1\n", "# \f\u2028é\n", "# a\n# b\n", "# 𝔘"]),
    whole=st.booleans(),
)


def do(editor: Editor, typings: list[Typing], when: str) -> None:
    """Type at line starts, so that the file stays one that parses."""
    for one in typings:
        if one.when == when:
            newline = newline_of(editor.text)
            stub = editor.text.find("def twice")
            inside = editor.text.find("Twice n")
            place = {"before": stub, "inside": inside, "after": len(editor.text)}[one.where]
            text = one.text.replace("\n", newline)
            if one.where != "inside" and not text.endswith(newline):
                text += newline
            editor.type(place, place, text, whole=one.whole)


@pytest.mark.slow
@settings(
    max_examples=RUNS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    manners=st.sampled_from(sorted(EDITORS)),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
    how=st.sampled_from(["ask", "auto", "offer"]),
    typings=st.lists(TYPING, max_size=4),
)
def test_no_editor_and_no_typing_corrupts_the_buffer_or_loses_the_result(
    cache: Path,
    manners: str,
    encoding: str,
    newline: str,
    bom: bool,
    how: str,
    typings: list[Typing],
):
    async def scene() -> None:
        text = ("\ufeff" if bom else "") + (BEFORE + STUB + AFTER).replace("\n", newline)
        editor = Editor(text, EDITORS[manners], cache, encoding=encoding, options={"apply": how})
        await editor.start()
        do(editor, typings, "before the job")
        editor.before_apply = lambda: do(editor, typings, "at the apply")
        answer = await editor.command("atlas.solve", URI, "twice")
        assert answer["jobId"]
        await editor.solver.began.wait()
        do(editor, typings, "during the job")
        editor.solver.gate.set()
        await asyncio.sleep(700)
        assert len(editor.progress("end")) == len(editor.progress("begin")) <= 1
        await check_nothing_is_lost(editor)
        await editor.stop()

    in_virtual_time(scene)


async def check_nothing_is_lost(editor: Editor) -> None:
    """Applied already; or there to apply; or, for a function that changed, there to look at."""
    if editor.n_applied:
        assert editor.n_applied == 1
        return
    found = await editor.actions(editor.text.find("def twice"))
    edits = [action["edit"] for action in found if "edit" in action]
    if editor.stub in editor.text:
        assert len(edits) == 1
        # A user at a menu cannot type; the editor has just told all its changes.
        assert editor.apply(edits[0])
    else:
        assert not edits
        assert any("show the diff" in action["title"] for action in found)


def check_in_time(editor_name: str, cache: Path, **options: object) -> Editor:
    editor = Editor(BEFORE + STUB + AFTER, EDITORS[editor_name], cache, options=dict(options))

    async def scene() -> None:
        await editor.start()
        await editor.command("atlas.solve", URI, "twice")
        editor.solver.gate.set()
        await asyncio.sleep(60)
        await editor.stop()

    in_virtual_time(scene)
    return editor


@pytest.mark.parametrize("name", ["honest", "late"])
def test_an_honest_editor_gets_the_edit_after_a_yes(cache: Path, name: str):
    assert check_in_time(name, cache, apply="ask").n_applied == 1


@pytest.mark.parametrize("name", ["blind", "blind and unknown", "neovim"])
def test_an_editor_that_may_apply_to_newer_text_is_never_sent_an_edit(cache: Path, name: str):
    editor = check_in_time(name, cache, apply="auto")
    assert not [r for r in editor.requests if r["method"] == "workspace/applyEdit"]
    assert any("code actions" in message for message in editor.messages)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refusing", "did not apply"),
        ("error-replying", "stale buffer"),
        ("lying", "text did not change"),
    ],
)
def test_an_edit_that_did_not_arrive_is_told(cache: Path, name: str, words: str):
    editor = check_in_time(name, cache, apply="auto")
    assert any(words in message for message in editor.messages)


def test_an_edit_is_not_applied_where_the_changed_file_breaks_it(cache: Path):
    solver = FakeSolver(still_passes=False)
    editor = Editor(STUB, EDITORS["honest"], cache, options={"apply": "auto"}, solver=solver)

    async def scene() -> None:
        await editor.start()
        await editor.command("atlas.solve", URI, "twice")
        await solver.began.wait()
        editor.type(0, 0, "n = 1\n")
        solver.gate.set()
        await asyncio.sleep(60)
        await editor.stop()

    in_virtual_time(scene)
    assert solver.n_verified == 1
    assert editor.n_applied == 0
    assert any("no longer passes" in message for message in editor.messages)
