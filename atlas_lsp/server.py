"""The language server: converts in, calls, converts out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from atlas_lsp import actions, checks, work
from atlas_lsp.anchors import Fit, Misfit, fit
from atlas_lsp.client import client_of
from atlas_lsp.documents import Buffers
from atlas_lsp.evidence import card, plain
from atlas_lsp.jobs import Key
from atlas_lsp.offers import apply, show, show_diff
from atlas_lsp.proposals import proposal_action
from atlas_lsp.protocol import NoAnswer, answer_to
from atlas_lsp.questions import possible_answers
from atlas_lsp.replay import replay
from atlas_lsp.solver import PipelineSolver, Solver
from atlas_lsp.state import AtlasServer
from pipeline.source.locate import FunctionSite, function_at, functions
from pipeline.source.text import SourceError
from pipeline.summary import as_json

if TYPE_CHECKING:
    from pipeline.job import JobResult

CONFIGURATION_S = 5.0


def create_server(
    cache: Path,
    solver: Solver | None = None,
    launch: Mapping[str, object] | None = None,
    user: tuple[Mapping[str, object], tuple[str, ...]] = ({}, ()),
) -> AtlasServer:
    """A server with its features; nothing heavy is imported or started before a job needs it.

    `launch` are settings of the command line and the environment, `user` those of the user's
    file with what is wrong with them.
    """
    server = AtlasServer(solver or PipelineSolver(), cache, launch or {}, user)
    add_life_cycle(server)
    add_texts(server)
    add_views(server)
    add_commands(server)
    return server


def add_life_cycle(server: AtlasServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(ls: AtlasServer, params: types.InitializeParams) -> None:
        old = ls.workspace
        ls.protocol._workspace = Buffers(
            old.root_uri,
            types.TextDocumentSyncKind.Incremental,
            list(old.folders.values()),
            old.position_encoding,
        )
        ls.client = client_of(params)
        ls.set_initial(params.initialization_options)

    @server.feature(types.INITIALIZED)
    async def initialized(ls: AtlasServer, params: types.InitializedParams) -> None:
        await pull_settings(ls)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(
        ls: AtlasServer, params: types.DidChangeConfigurationParams
    ) -> None:
        # What is pushed is ignored, as rust-analyzer does: clients push different things.
        await pull_settings(ls)

    @server.feature(types.SHUTDOWN)
    async def shutdown(ls: AtlasServer, *_: object) -> None:
        await ls.close()

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancel_progress(ls: AtlasServer, params: types.WorkDoneProgressCancelParams) -> None:
        ls.jobs.cancel_where(token=params.token)


async def pull_settings(ls: AtlasServer) -> None:
    """Ask for the section `atlas` of each folder; else there are the project files only."""
    folders = [one.uri for one in ls.workspace.folders.values()] or [ls.workspace.root_uri or ""]
    answers: list[object] = [None] * len(folders)
    if ls.client.can_configure:
        items = [types.ConfigurationItem(scope_uri=uri or None, section="atlas") for uri in folders]
        asked = ls.workspace_configuration_async(types.ConfigurationParams(items=items))
        try:
            answers = list(await answer_to(asked, CONFIGURATION_S))
        except NoAnswer:
            ls.note("the editor did not tell its settings; those of the start stay")
    for folder, answer in zip(folders, answers, strict=False):
        ls.set_folder(folder, answer)


def add_texts(server: AtlasServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: AtlasServer, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        ls.tell_changed(uri)
        if ls.checked.get(uri):
            ls.spawn_check(uri, checks.settle(ls, uri))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(ls: AtlasServer, params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        if ls.settings(uri).diagnostics == "save":
            ls.spawn_check(uri, checks.check(ls, uri))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: AtlasServer, params: types.DidCloseTextDocumentParams) -> None:
        checks.forget(ls, params.text_document.uri)


def add_views(server: AtlasServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=list(actions.KINDS)),
    )
    def code_action(ls: AtlasServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        return code_actions(ls, params)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: AtlasServer, params: types.HoverParams) -> types.Hover | None:
        return evidence_hover(ls, params)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def code_lens(ls: AtlasServer, params: types.CodeLensParams) -> list[types.CodeLens]:
        return code_lenses(ls, params.text_document.uri)


def add_commands(server: AtlasServer) -> None:
    add_job_commands(server)
    add_result_commands(server)
    add_evidence_commands(server)


def add_job_commands(server: AtlasServer) -> None:
    @server.command("atlas.solve")
    def solve(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return work.start(ls, "solve", (uri, name))

    @server.command("atlas.repair")
    def repair(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return work.start(ls, "repair", (uri, name))

    @server.command("atlas.tests")
    def tests(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return work.start(ls, work.TESTS, (uri, name))

    @server.command("atlas.cancel")
    def cancel(ls: AtlasServer, *job_id: str) -> int:
        """Cancel one job, or all; says how many."""
        found = ls.jobs.named(str(job_id[0]) if job_id else "")
        for job in found:
            job.cancel()
        return len(found)

    @server.command("atlas.stop")
    def stop(ls: AtlasServer, *job_id: str) -> int:
        """Stop one job, or all, and keep the best so far; says how many."""
        found = ls.jobs.named(str(job_id[0]) if job_id else "")
        for job in found:
            job.keep_best.set()
        return len(found)

    @server.command("atlas.jobs")
    def jobs(ls: AtlasServer) -> list[dict[str, object]]:
        """What runs and waits, for a status line."""
        return [
            {"jobId": job.job_id, "function": job.key[1], "uri": job.key[0], "does": job.message}
            for job in ls.jobs.all
        ]


def add_result_commands(server: AtlasServer) -> None:
    @server.command("atlas.apply")
    def apply_result(ls: AtlasServer, uri: str, name: str) -> bool:
        """Apply a finished result; False when there is none. The outcome is told as a message."""
        result = ls.results.get((uri, name))
        if result:
            ls.spawn(_applied(ls, (uri, name), result))
        return result is not None

    @server.command("atlas.check")
    def check(ls: AtlasServer, uri: str) -> bool:
        """Run the examples of a file now and show those that fail."""
        if not ls.settings(uri).trusted or ls.settings(uri).diagnostics == "off":
            return False
        ls.spawn_check(uri, checks.check(ls, uri))
        return True


def add_evidence_commands(server: AtlasServer) -> None:
    @server.command("atlas.evidence")
    def evidence(ls: AtlasServer, uri: str, name: str) -> dict[str, Any] | None:
        """The evidence of a function's last result; opened too, where the editor can."""
        result = ls.results.get((uri, name))
        if result is None:
            ls.say(f"there is no evidence on `{name}`; solve it first")
            return None
        record = ls.records.get((uri, name))
        if record and ls.client.can_show_documents:
            ls.spawn(show(ls, record.markdown.as_uri(), str(record.markdown)))
        return {
            "markdown": card(result),
            "evidence": as_json(result),
            "id": record.record_id if record else None,
            "path": str(record.folder) if record else None,
        }

    @server.command("atlas.diff")
    def diff(ls: AtlasServer, uri: str, name: str) -> str | None:
        """The diff of a function's last result; opened too, where the editor can."""
        result = ls.results.get((uri, name))
        if result and ls.client.can_show_documents:
            ls.spawn(show_diff(ls, (uri, name)))
        return result.diff if result else None

    @server.command("atlas.history")
    def history(ls: AtlasServer, uri: str) -> list[str]:
        """Ids of the kept results of the file's workspace, oldest first."""
        return [record.record_id for record in ls.history(uri).records()]

    @server.command("atlas.prune")
    def prune(ls: AtlasServer, uri: str, keep: int) -> int:
        """Forget all but the newest results; says how many."""
        return ls.history(uri).prune(max(0, keep))

    @server.command("atlas.replay")
    def run_again(ls: AtlasServer, uri: str, record_id: str) -> dict[str, str]:
        """Run a kept result again with the same text, seed and model, and compare."""
        return replay(ls, uri, record_id)


async def _applied(ls: AtlasServer, key: Key, result: JobResult) -> None:
    if not ls.client.may_send_edit(ls.buffer(key[0]).version):
        ls.say("this editor may apply an edit to a newer text; take it from the code actions")
        return
    await apply(ls, key, result)


def code_actions(ls: AtlasServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done with the function under the cursor; [] where the file does not parse."""
    ours = [one for one in params.context.diagnostics if one.source == actions.SOURCE]
    only = params.context.only
    asked = params.context.trigger_kind is not types.CodeActionTriggerKind.Automatic
    if not (asked or only or ours):
        return []
    uri, place = params.text_document.uri, params.range.start
    try:
        document = ls.buffer(uri).document
        site = function_at(document, place.line, place.character, unit=ls.unit)
    except (SourceError, OSError):
        return []
    found = [actions.fix_action(uri, _named(one, site), one) for one in ours]
    if asked or only:
        found += _on_function(ls, uri, site)
    if not ls.settings(uri).trusted:
        found = _disabled(ls, found, "this workspace is not trusted")
    return [action for action in found if actions.wanted(str(action.kind), only)]


def _on_function(ls: AtlasServer, uri: str, site: FunctionSite) -> list[types.CodeAction]:
    key = (uri, site.name)
    found: list[types.CodeAction] = []
    if (result := ls.results.get(key)) is not None:
        found += _of_result(ls, key, result)
    if (proposed := ls.proposals.get(key)) is not None:
        taken = proposal_action(ls, key, proposed)
        found += [taken] if taken else []
    if (job := ls.jobs.on(key)) is not None:
        return [*found, *actions.stop_actions(job.job_id, site.name)]
    return [*found, *actions.start_actions(uri, site)]


def _of_result(ls: AtlasServer, key: Key, result: JobResult) -> list[types.CodeAction]:
    """The finished result as an edit of this very text, or where it is kept."""
    buffer = ls.buffer(key[0])
    fitting = fit(result, buffer.document)
    kept = [
        actions.command(f"Atlas: {word} of `{key[1]}`", actions.SHOW, name, list(key))
        for word, name in (("show the diff", "atlas.diff"), ("evidence", "atlas.evidence"))
        if isinstance(fitting, Misfit) or name == "atlas.evidence"
    ]
    if isinstance(fitting, Misfit) or not buffer.in_order or not fitting.edits:
        return kept
    title = actions.apply_title(result, fitting)
    offered = [_apply_action(ls, key, result, fitting, title)]
    for call, output, answer in possible_answers(result):
        place = fit(answer, buffer.document)
        if isinstance(place, Fit):
            title = actions.answer_title(answer, call, output)
            offered.append(_apply_action(ls, key, answer, place, title, actions.ANSWER))
    return [*offered, *kept]


def _apply_action(
    ls: AtlasServer,
    key: Key,
    result: JobResult,
    fitting: Fit,
    title: str,
    kind: str = actions.APPLY,
) -> types.CodeAction:
    confirm = "" if result.solution.is_good else "This solution is not verified"
    version = ls.buffer(key[0]).version
    edit = actions.workspace_edit(key[0], version, fitting, ls.unit, ls.client, confirm=confirm)
    return actions.apply_action(title, edit, ls.client, kind)


def _named(diagnostic: types.Diagnostic, site: FunctionSite) -> str:
    data = diagnostic.data
    name = data.get("function") if isinstance(data, dict) else getattr(data, "function", None)
    return str(name or site.name)


def _disabled(
    ls: AtlasServer, found: list[types.CodeAction], reason: str
) -> list[types.CodeAction]:
    """Shown with the reason where the client can, else not at all."""
    if not ls.client.can_disable_actions:
        return []
    for action in found:
        action.disabled = types.CodeActionDisabled(reason=reason)
    return found


def evidence_hover(ls: AtlasServer, params: types.HoverParams) -> types.Hover | None:
    """The evidence card on the header of a function that has evidence; None everywhere else."""
    uri, place = params.text_document.uri, params.position
    if not ls.settings(uri).hover or not any(key[0] == uri for key in ls.results):
        return None
    try:
        document = ls.buffer(uri).document
        site = function_at(document, place.line, place.character, unit=ls.unit)
    except (SourceError, OSError):
        return None
    result = ls.results.get((uri, site.name))
    if result is None or place.line != site.def_line:
        return None
    record = ls.records.get((uri, site.name))
    text = card(result, record.markdown.as_uri() if record else "")
    kind = types.MarkupKind.Markdown if ls.client.shows_markdown else types.MarkupKind.PlainText
    value = text if ls.client.shows_markdown else plain(text)
    return types.Hover(contents=types.MarkupContent(kind=kind, value=value))


def code_lenses(ls: AtlasServer, uri: str) -> list[types.CodeLens]:
    if not ls.settings(uri).code_lens:
        return []
    try:
        document = ls.buffer(uri).document
        sites = functions(document)
    except (SourceError, OSError):
        return []
    known = ls.checked.get(uri, {})
    return [
        lens
        for site in sites
        if not site.is_overload
        for lens in actions.lenses(
            uri,
            document,
            site,
            ls.unit,
            checked=known.get(site.name),
            is_proved=(uri, site.name) in ls.results,
        )
    ]
