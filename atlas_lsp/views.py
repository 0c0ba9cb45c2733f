"""What an editor shows of one snapshot: code actions, the hover with its evidence, lenses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp import actions
from atlas_lsp.cards import card, plain
from atlas_lsp.fits import Fit, Misfit, fit
from atlas_lsp.proposals import proposal_action
from atlas_lsp.questions import possible_answers
from pipeline.source.locate import FunctionSite, function_at, numbered_functions
from pipeline.syntax.text import Document, SourceError

if TYPE_CHECKING:
    from atlas_lsp.client import Client
    from atlas_lsp.snapshot import Snapshot
    from pipeline.job import JobResult


def code_actions(seen: Snapshot, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done with the function under the cursor; [] where the file does not parse."""
    ours = [one for one in params.context.diagnostics if one.source == actions.SOURCE]
    only = params.context.only
    asked = params.context.trigger_kind is not types.CodeActionTriggerKind.Automatic
    if not (asked or only or ours):
        return []
    try:
        sites = touched(seen.document, params.range)
    except SourceError:
        return []
    found = [actions.fix_action(seen.uri, name, one) for one in ours if (name := _named(one))]
    if asked or only:
        found += [one for site in sites for one in _on_function(seen, site)]
    if not seen.settings.trusted:
        found = _untrusted(seen.client, found)
    return [action for action in found if actions.wanted(str(action.kind), only)]


def touched(document: Document, lines: types.Range) -> tuple[FunctionSite, ...]:
    """The functions that a selection touches; of nested ones the innermost."""
    first, last = lines.start.line, lines.end.line
    if last > first and lines.end.character == 0:
        last -= 1
    found = numbered_functions(document, touching=range(first, last + 1))
    return tuple(one for one in found if not _holds_another(one, found))


def _holds_another(site: FunctionSite, others: Sequence[FunctionSite]) -> bool:
    return any(site.start < one.start and one.end <= site.end for one in others)


def _on_function(seen: Snapshot, site: FunctionSite) -> list[types.CodeAction]:
    found: list[types.CodeAction] = []
    name = site.label
    if (result := seen.results.get(name)) is not None:
        found += _of_result(seen, name, result)
    if (proposed := seen.proposals.get(name)) is not None:
        taken = proposal_action(seen, proposed)
        found += [taken] if taken else []
    if (job_id := seen.jobs.get(name)) is not None:
        return [*found, *actions.stop_actions(job_id, site.name)]
    known = seen.checked.get(site.name)
    fails = bool(known and known.fails)
    return [*found, *actions.start_actions(seen.uri, name, site, fails=fails)]


def _of_result(seen: Snapshot, name: str, result: JobResult) -> list[types.CodeAction]:
    """The finished result as an edit of this very text, or where it is kept."""
    fitting = fit(result, seen.document)
    kept = [
        actions.command(f"Atlas: {word} of `{name}`", actions.SHOW, command, [seen.uri, name])
        for word, command in (("show the diff", "atlas.diff"), ("evidence", "atlas.evidence"))
        if isinstance(fitting, Misfit) or command == "atlas.evidence"
    ]
    if isinstance(fitting, Misfit) or not seen.text.in_order or not fitting.edits:
        return kept
    title = actions.apply_title(result, fitting)
    offered = [_apply_action(seen, result, fitting, title)]
    for call, output, answer in possible_answers(result):
        place = fit(answer, seen.document)
        if isinstance(place, Fit):
            title = actions.answer_title(answer, call, output)
            offered.append(_apply_action(seen, answer, place, title, actions.ANSWER))
    return [*offered, *kept]


def _apply_action(
    seen: Snapshot, result: JobResult, fitting: Fit, title: str, kind: str = actions.APPLY
) -> types.CodeAction:
    if result.is_kept and seen.client.may_send_edit(seen.text.version):
        # Proved again first: what it was proved with may have changed between the sessions.
        name = result.site.label
        return actions.command(title, kind, "atlas.apply", [seen.uri, name])
    confirm = "" if result.solution.is_good else "This solution is not verified"
    edit = actions.workspace_edit(
        seen.uri, seen.text.version, fitting, seen.unit, seen.client, confirm=confirm
    )
    return actions.apply_action(title, edit, seen.client, kind)


def _named(diagnostic: types.Diagnostic) -> str:
    """The function that it is about; empty where the client lost that."""
    data = diagnostic.data
    name = data.get("function") if isinstance(data, dict) else getattr(data, "function", None)
    return str(name or "")


def _untrusted(client: Client, found: list[types.CodeAction]) -> list[types.CodeAction]:
    """VS Code hides what is disabled, so our plugin gets one action that says why instead."""
    if client.manners.takes_results and found:
        title = "Atlas: nothing is run until you trust this folder"
        return [actions.command(title, actions.SOLVE, "atlas.manageTrust", [])]
    return _disabled(client, found, "this workspace is not trusted")


def _disabled(client: Client, found: list[types.CodeAction], reason: str) -> list[types.CodeAction]:
    """Shown with the reason where the client can, else not at all."""
    if not client.can_disable_actions:
        return []
    for action in found:
        action.disabled = types.CodeActionDisabled(reason=reason)
    return found


def evidence_hover(seen: Snapshot, place: types.Position) -> types.Hover | None:
    """The evidence card on the header of a function that has evidence; None everywhere else."""
    if not seen.settings.hover or not seen.results:
        return None
    try:
        site = function_at(seen.document, place.line, place.character, unit=seen.unit)
    except SourceError:
        return None
    name = site.label
    result = seen.results.get(name)
    if result is None or place.line != site.def_line:
        return None
    record = seen.records.get(name)
    text = card(result, record.markdown.as_uri() if record else "")
    kind = types.MarkupKind.Markdown if seen.client.shows_markdown else types.MarkupKind.PlainText
    value = text if seen.client.shows_markdown else plain(text)
    return types.Hover(contents=types.MarkupContent(kind=kind, value=value))


def code_lenses(seen: Snapshot) -> list[types.CodeLens]:
    """What can be started, or seen, above each function."""
    if not seen.settings.code_lens or not seen.settings.trusted:
        return []
    try:
        sites = numbered_functions(seen.document)
    except SourceError:
        return []
    return [
        lens
        for site in sites
        for lens in actions.lenses(
            seen.uri,
            site.label,
            seen.document,
            site,
            seen.unit,
            checked=seen.checked.get(site.name),
            is_proved=site.label in seen.results,
        )
    ]
