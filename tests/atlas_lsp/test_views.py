"""Views look at a snapshot and at nothing else: no server, no loop, no later change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from lsprotocol import types

import atlas_lsp
from atlas_lsp.client import Client
from atlas_lsp.orders import Checked, SolveOrder
from atlas_lsp.settings import ServerSettings
from atlas_lsp.snapshot import Snapshot, Text
from atlas_lsp.views import code_actions, code_lenses, evidence_hover
from pipeline.syntax.text import Document
from tests.atlas_lsp.simulated import FakeSolver

SOURCE = 'def twice(n):\n    """\n    >>> twice(2)\n    4\n    """\n'
DOCUMENT = Document(text=SOURCE, path="a.py")
ORDER = SolveOrder(document=DOCUMENT, name="twice", settings=ServerSettings())


def seen(**more: object) -> Snapshot:
    one = Snapshot(
        text=Text(uri="file:///a.py", document=DOCUMENT, version=1),
        unit="utf-16",
        settings=ServerSettings(code_lens=True),
        client=Client(capabilities=types.ClientCapabilities()),
    )
    return replace(one, **more)  # type: ignore[arg-type]


def titles(snapshot: Snapshot, diagnostics: Sequence[types.Diagnostic] = ()) -> list[str]:
    place = types.Position(line=0, character=5)
    context = types.CodeActionContext(
        diagnostics=list(diagnostics), trigger_kind=types.CodeActionTriggerKind.Invoked
    )
    params = types.CodeActionParams(
        text_document=types.TextDocumentIdentifier(uri=snapshot.uri),
        range=types.Range(start=place, end=place),
        context=context,
    )
    return [action.title for action in code_actions(snapshot, params)]


def test_what_can_be_done_depends_on_the_snapshot_alone():
    result = FakeSolver().finished(ORDER)
    assert titles(seen()) == ["Atlas: solve `twice`"]
    assert "Atlas: cancel `twice`" in titles(seen(jobs={"twice": "job-1"}))
    assert "apply verified solution" in titles(seen(results={"twice": result}))[0]
    changed = Text(uri="file:///a.py", document=DOCUMENT, version=2, in_order=False)
    kept = titles(seen(results={"twice": result}, text=changed))
    assert not any("apply" in title for title in kept)
    assert titles(seen(settings=ServerSettings(trusted=False))) == []


@pytest.mark.parametrize("source", ["def f(:\n", "x = 1\n", ""])
def test_where_there_is_no_function_nothing_is_shown(source: str):
    text = Text(uri="file:///a.py", document=Document(text=source), version=1)
    result = FakeSolver().finished(ORDER)
    snapshot = seen(text=text, results={"twice": result})
    assert titles(snapshot) == []
    assert code_lenses(snapshot) == []
    assert evidence_hover(snapshot, types.Position(line=0, character=4)) is None


def test_a_lens_is_what_was_checked_of_this_very_function():
    source = SOURCE + "    return n\n"
    text = Text(uri="file:///a.py", document=Document(text=source), version=1)
    stale = Checked(name="twice", source_hash="another", first_line=0, verdicts=())
    shown = [
        one.command.title
        for one in code_lenses(seen(text=text, checked={"twice": stale}))
        if one.command
    ]
    assert shown == ["Tests"]
    assert code_lenses(seen(settings=ServerSettings(code_lens=False))) == []


def test_a_snapshot_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        seen().jobs = {}  # type: ignore[misc]


def test_only_what_holds_the_server_knows_it():
    """A flow that runs on gets a desk for one file, and a view a snapshot."""
    folder = Path(atlas_lsp.__file__).parent
    knowing = {
        path.relative_to(folder).with_suffix("").as_posix()
        for path in folder.rglob("*.py")
        if "AtlasServer" in path.read_text(encoding="utf-8")
    }
    assert knowing == {"serving", "server", "state", "desk"}
