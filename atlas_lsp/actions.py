"""Code actions and lenses from the syntax tree alone: no model, no Docker, milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp.documents import range_of
from pipeline.source.locate import FunctionSite
from pipeline.syntax.text import Document, Unit

if TYPE_CHECKING:
    from atlas_lsp.client import Client
    from atlas_lsp.fits import Fit
    from atlas_lsp.orders import Checked
    from pipeline.job import JobResult

SOLVE = "refactor.rewrite.atlas.solve"
REPAIR = "refactor.rewrite.atlas.repair"
FIX = "quickfix.atlas.repair"
TESTS = "refactor.rewrite.atlas.tests"
APPLY = "refactor.rewrite.atlas.apply"
ANSWER = "refactor.rewrite.atlas.apply.answer"
STOP = "refactor.rewrite.atlas.stop"
SHOW = "refactor.rewrite.atlas.show"
KINDS = (SOLVE, REPAIR, TESTS, FIX, APPLY, ANSWER, STOP, SHOW)
SOURCE = "atlas"
"""The `source` of our diagnostics."""
UNCONFIRMED = "atlas-unverified"


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Kinds are hierarchical: `refactor` asks for `refactor.rewrite.atlas.solve` too."""
    asked = [one.value if isinstance(one, types.CodeActionKind) else one for one in only or ()]
    return not asked or any(kind == one or kind.startswith(f"{one}.") or not one for one in asked)


def start_actions(
    uri: str, name: str, site: FunctionSite, *, fails: bool
) -> Iterator[types.CodeAction]:
    """*Solve* for every function, *Repair* for one with a body and examples of its own or of its
    class that fail, *Tests* for one with a body; in a test function *Repair* what it tests.
    """
    if is_test(uri, site) and not site.is_stub:
        title = f"Atlas: repair what `{name}` tests"
        yield command(title, REPAIR, "atlas.repairTested", [uri, site.name])
        return
    yield command(f"Atlas: solve `{name}`", SOLVE, "atlas.solve", [uri, name])
    if not site.is_stub and (fails or ">>>" in (site.docstring or "")):
        yield command(f"Atlas: repair `{name}`", REPAIR, "atlas.repair", [uri, name])
    if not site.is_stub:
        yield command(f"Atlas: generate tests for `{name}`", TESTS, "atlas.tests", [uri, name])


def is_test(uri: str, site: FunctionSite) -> bool:
    """Whether pytest would run it, by its own names for files and functions."""
    file = uri.rpartition("/")[2]
    is_file = file.startswith("test_") or file.endswith("_test.py")
    return is_file and site.last_name.startswith("test") and site.owner != "function"


def fix_action(uri: str, name: str, diagnostic: types.Diagnostic) -> types.CodeAction:
    """The quick fix of a failing example."""
    action = command(f"Atlas: repair `{name}`", FIX, "atlas.repair", [uri, name])
    action.diagnostics = [diagnostic]
    action.is_preferred = True
    return action


def stop_actions(job_id: str, name: str) -> Iterator[types.CodeAction]:
    yield command(f"Atlas: stop `{name}`, keep the best so far", STOP, "atlas.stop", [job_id])
    yield command(f"Atlas: cancel `{name}`", STOP, "atlas.cancel", [job_id])


def apply_action(
    title: str, edit: types.WorkspaceEdit, client: Client, kind: str = APPLY
) -> types.CodeAction:
    """A finished result as an edit of the current text."""
    action = types.CodeAction(title=title, kind=kind, edit=edit)
    if client.can_tag_actions:
        action.tags = [types.CodeActionTag.LlmGenerated]
    return action


def answer_title(result: JobResult, call: str, output: str) -> str:
    """`Atlas: apply, where `f([])` is None (8/8 examples)`."""
    best = result.solution.chosen
    tests = f" ({best.n_passed}/{best.n_visible} examples)" if best else ""
    said = output if output.startswith("raises ") else f"is {output}"
    return f"Atlas: apply, where `{call}` {said}{tests}"


def apply_title(result: JobResult, fit: Fit) -> str:
    """`Atlas: apply verified solution of `f` (7/7 examples)`; what is not proved is in capitals."""
    solution = result.solution
    best = solution.chosen
    tests = f" ({best.n_passed}/{best.n_visible} examples)" if best and best.n_visible else ""
    since = "; the file around it changed since" if fit.moved else ""
    since = since or ("; from an earlier session" if result.is_kept else "")
    word = str(solution.status) if solution.is_good else "UNVERIFIED"
    return f"Atlas: apply {word} solution of `{result.site.name}`{tests}{since}"


def workspace_edit(
    uri: str, version: int | None, fit: Fit, unit: Unit, client: Client, *, confirm: str = ""
) -> types.WorkspaceEdit:
    """Versioned where the client takes that, so that one that checks refuses it for another text.

    `confirm` says why the user is to look at it first, where the client can ask that.
    """
    changes = lsp_edits(fit.document, fit, unit)
    if not client.takes_document_changes:
        return types.WorkspaceEdit(changes={uri: changes})
    annotate = bool(confirm) and client.can_annotate
    edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = [
        types.AnnotatedTextEdit(range=one.range, new_text=one.new_text, annotation_id=UNCONFIRMED)
        if annotate
        else one
        for one in changes
    ]
    document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(text_document=document, edits=edits)],
        change_annotations={
            UNCONFIRMED: types.ChangeAnnotation(label=confirm, needs_confirmation=True)
        }
        if annotate
        else None,
    )


def lsp_edits(document: Document, fit: Fit, unit: Unit) -> list[types.TextEdit]:
    return [
        types.TextEdit(range=range_of(document, one.start, one.end, unit), new_text=one.new_text)
        for one in fit.edits
    ]


def lenses(
    uri: str,
    name: str,
    document: Document,
    site: FunctionSite,
    unit: Unit,
    *,
    checked: Checked | None,
    is_proved: bool,
) -> Iterator[types.CodeLens]:
    """*Solve* on a stub, *Repair* where examples or tests fail, *Tests*, *Evidence* where there is
    some.
    """
    place = range_of(document, site.def_start, site.header_end, unit)
    if site.is_stub:
        yield _lens(place, "Solve", "atlas.solve", [uri, name])
    elif checked and checked.fails and checked.source_hash == site.source_hash:
        yield _lens(place, f"Repair ({checked.told})", "atlas.repair", [uri, name])
    if not site.is_stub:
        yield _lens(place, "Tests", "atlas.tests", [uri, name])
    if is_proved:
        yield _lens(place, "Evidence", "atlas.evidence", [uri, name])


def command(title: str, kind: str, name: str, arguments: Sequence[str]) -> types.CodeAction:
    called = types.Command(title=title, command=name, arguments=list(arguments))
    return types.CodeAction(title=title, kind=kind, command=called)


def _lens(place: types.Range, title: str, name: str, arguments: Sequence[str]) -> types.CodeLens:
    called = types.Command(title=title, command=name, arguments=list(arguments))
    return types.CodeLens(range=place, command=called)
