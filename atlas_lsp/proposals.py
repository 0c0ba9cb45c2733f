"""Generated tests: kept until someone takes them, as an edit of the text as it is then.

They are never sent by themselves: a test says what the code ought to do, which only people know.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.uris import from_fs_path

from atlas_lsp.actions import apply_action, lsp_edits
from atlas_lsp.fits import Fit, Misfit, same_function
from pipeline.core.wording import many
from pipeline.source.edit import TextEdit
from pipeline.syntax.text import Document

if TYPE_CHECKING:
    from atlas_lsp.client import Client
    from atlas_lsp.orders import Proposed
    from atlas_lsp.snapshot import Snapshot
    from atlas_lsp.window import Window
    from pipeline.testgen.proposal import FileEdit

MAX_QUESTIONS = 3
DocumentEdit = types.TextDocumentEdit | types.CreateFile


def tell(window: Window, proposed: Proposed) -> str:
    """Say what came out, and ask where the code looks wrong; the headline."""
    found = proposed.proposal
    for question in found.questions[:MAX_QUESTIONS]:
        window.say(f"`{found.function}`: {question}", types.MessageType.Warning)
    said = headline(proposed)
    window.say(f"{said}; they wait in the code actions" if found.tests else said)
    return said


def headline(proposed: Proposed) -> str:
    found = proposed.proposal
    if not found.tests:
        why = f": {found.warnings[0]}" if found.warnings else ""
        return f"{found.function}: no new test{why}"
    n = len(found.tests)
    score = f"mutation score {found.before} before, {found.after} with them"
    return f"{found.function}: {n} new test{'s' * (n > 1)}, {score}"


def proposal_action(seen: Snapshot, proposed: Proposed) -> types.CodeAction | None:
    """*Add tests* as an edit of the newest texts; None where they no longer fit."""
    found = proposed.proposal
    parts = [_part(seen, proposed, edit) for edit in found.edits]
    if not found.tests or not parts or any(isinstance(part, Misfit) for part in parts):
        return None
    changes = [one for part in parts if not isinstance(part, Misfit) for one in part]
    score = f"{found.before} to {found.after}"
    title = f"Atlas: add {many(len(found.tests), 'test')} of `{found.function}` ({score})"
    edit = _workspace_edit(seen.client, changes)
    return apply_action(title, edit, seen.client) if edit else None


def _workspace_edit(client: Client, changes: list[DocumentEdit]) -> types.WorkspaceEdit | None:
    """Versioned where the client takes that; None where it cannot make the file."""
    creates = any(isinstance(one, types.CreateFile) for one in changes)
    if creates and not client.can_create_files:
        return None
    if client.takes_document_changes:
        return types.WorkspaceEdit(document_changes=[*changes])
    plain = {
        one.text_document.uri: [e for e in one.edits if isinstance(e, types.TextEdit)]
        for one in changes
        if isinstance(one, types.TextDocumentEdit)
    }
    return types.WorkspaceEdit(changes=plain)


def _part(seen: Snapshot, proposed: Proposed, edit: FileEdit) -> list[DocumentEdit] | Misfit:
    if edit.path == proposed.document.path:
        return _in_file(seen, proposed, edit)
    uri = from_fs_path(str(Path(edit.path).absolute()))
    if uri is None:
        return Misfit(why="has its tests nowhere")
    if edit.old_text is None:
        if Path(edit.path).exists():
            return Misfit(why="has a test file by now")
        whole = types.Range(start=types.Position(0, 0), end=types.Position(0, 0))
        made = _changed(uri, None, [types.TextEdit(range=whole, new_text=edit.new_text)])
        return [types.CreateFile(uri=uri), made]
    text = seen.beside.get(edit.path)
    if text is None or text.document.text != edit.old_text or not text.in_order:
        return Misfit(why="has its tests in a file that changed")
    change = smallest(edit.old_text, edit.new_text, 0)
    fitting = Fit(document=text.document, edits=(change,), moved=False)
    return [_changed(uri, text.version, lsp_edits(text.document, fitting, seen.unit))]


def _in_file(seen: Snapshot, proposed: Proposed, edit: FileEdit) -> list[DocumentEdit] | Misfit:
    """Doctests go with their function, wherever it stands now."""
    fitting = fit_tests(proposed, edit, seen.document)
    if isinstance(fitting, Misfit) or not seen.text.in_order:
        return fitting if isinstance(fitting, Misfit) else Misfit(why="came out of order")
    return [_changed(seen.uri, seen.text.version, lsp_edits(seen.document, fitting, seen.unit))]


def fit_tests(proposed: Proposed, edit: FileEdit, now: Document) -> Fit | Misfit:
    site = same_function(proposed.site, now)
    if isinstance(site, Misfit):
        return site
    change = smallest(edit.old_text or "", edit.new_text, site.start - proposed.site.start)
    if not site.start <= change.start <= change.end <= site.end:
        return Misfit(why="would get its tests outside of itself")
    moved = now.text != proposed.document.text
    return Fit(document=now, edits=(change,), moved=moved)


def smallest(old: str, new: str, shift: int) -> TextEdit:
    """The one edit that makes `new` of `old`, without what both ends share."""
    most = min(len(old), len(new))
    head = next((i for i in range(most) if old[i] != new[i]), most)
    most -= head
    tail = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    return TextEdit(
        start=head + shift, end=len(old) - tail + shift, new_text=new[head : len(new) - tail]
    )


def _changed(uri: str, version: int | None, edits: list[types.TextEdit]) -> types.TextDocumentEdit:
    document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.TextDocumentEdit(text_document=document, edits=[*edits])
