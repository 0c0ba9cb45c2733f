"""Code actions from the syntax tree alone: no model, no Docker, milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from atlas_lsp.anchors import Fit
from atlas_lsp.positions import to_lsp_edits
from pipeline.job import JobResult
from pipeline.source.locate import FunctionSite
from pipeline.source.text import Document, Unit
from pipeline.task import Status

SOLVE = "refactor.rewrite.atlas.solve"
REPAIR = "quickfix.atlas.repair"
APPLY = "refactor.rewrite.atlas.apply"
STOP = "refactor.rewrite.atlas.stop"
KINDS = (SOLVE, REPAIR, APPLY, STOP)


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Kinds are hierarchical: `refactor` asks for `refactor.rewrite.atlas.solve` too."""
    return only is None or any(kind == o or kind.startswith(f"{o}.") or not o for o in only)


def start_actions(uri: str, site: FunctionSite) -> Iterator[types.CodeAction]:
    """*Solve* for every function, *Repair* for one that has a body and examples."""
    name = site.name
    yield _command(f"Atlas: solve `{name}`", SOLVE, "atlas.solve", [uri, name])
    if not site.is_stub and ">>>" in (site.docstring or ""):
        yield _command(f"Atlas: repair `{name}`", REPAIR, "atlas.repair", [uri, name])


def stop_actions(job_id: str, name: str) -> Iterator[types.CodeAction]:
    title = f"Atlas: stop `{name}`, keep the best so far"
    yield _command(title, STOP, "atlas.stop", [job_id])
    yield _command(f"Atlas: cancel `{name}`", STOP, "atlas.cancel", [job_id])


def apply_action(
    uri: str, version: int | None, result: JobResult, fit: Fit, now: Document, unit: Unit
) -> types.CodeAction:
    """The finished result as an edit of the current text, its evidence in the title."""
    edit = workspace_edit(uri, version, to_lsp_edits(now, fit.edits, unit))
    return types.CodeAction(title=apply_title(result, fit), kind=APPLY, edit=edit)


def apply_title(result: JobResult, fit: Fit) -> str:
    solution = result.solution
    best = solution.chosen
    tests = f" ({best.n_passed}/{best.n_visible} examples)" if best and best.n_visible else ""
    moved = "; the file changed around it since" if fit.moved else ""
    adjective = solution.status if solution.status is not Status.UNVERIFIED else "UNVERIFIED"
    return f"Atlas: apply {adjective} solution of `{result.site.name}`{tests}{moved}"


def workspace_edit(
    uri: str, version: int | None, edits: Sequence[types.TextEdit]
) -> types.WorkspaceEdit:
    """Versioned, so that a client that checks can refuse it for another text."""
    document = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    change = types.TextDocumentEdit(text_document=document, edits=list(edits))
    return types.WorkspaceEdit(document_changes=[change])


def plain_edit(uri: str, edits: Sequence[types.TextEdit]) -> types.WorkspaceEdit:
    """For clients that do not know document changes."""
    return types.WorkspaceEdit(changes={uri: list(edits)})


def _command(title: str, kind: str, command: str, arguments: list[str]) -> types.CodeAction:
    return types.CodeAction(
        title=title,
        kind=kind,
        command=types.Command(title=title, command=command, arguments=list(arguments)),
    )
