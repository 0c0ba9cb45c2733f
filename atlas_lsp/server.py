"""The language server: converts in, calls, converts out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from atlas_lsp import actions, checks, results, work
from atlas_lsp.cards import card
from atlas_lsp.client import client_of
from atlas_lsp.desk import Desk
from atlas_lsp.documents import Buffers
from atlas_lsp.offers import apply, show_diff
from atlas_lsp.proposals import proposal_action
from atlas_lsp.protocol import NoAnswer, answer_to
from atlas_lsp.replay import replay
from atlas_lsp.solver import PipelineSolver, Solver
from atlas_lsp.state import AtlasServer
from atlas_lsp.views import code_actions, code_lenses, evidence_hover
from atlas_lsp.window import Window
from pipeline.source.locate import function_at
from pipeline.summary import as_json
from pipeline.syntax.text import SourceError
from sandbox.api import SandboxError

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
        ls.window = Window(ls, client_of(params))
        ls.set_initial(params.initialization_options)

    @server.feature(types.INITIALIZED)
    async def initialized(ls: AtlasServer, params: types.InitializedParams) -> None:
        await pull_settings(ls)
        await register(ls)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def did_change_configuration(
        ls: AtlasServer, params: types.DidChangeConfigurationParams
    ) -> None:
        # What is pushed is ignored, as rust-analyzer does: clients push different things.
        await settings_changed(ls)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def did_change_files(ls: AtlasServer, params: types.DidChangeWatchedFilesParams) -> None:
        if any(change.uri.endswith("/pyproject.toml") for change in params.changes):
            await settings_changed(ls)

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
            ls.window.note("the editor did not tell its settings; those of the start stay")
    for folder, answer in zip(folders, answers, strict=False):
        ls.set_folder(folder, answer)


async def settings_changed(ls: AtlasServer) -> None:
    """What is drawn follows the settings."""
    await pull_settings(ls)
    ls.window.refresh_lenses()
    for uri in [uri for uri in ls.checked if ls.settings(uri).diagnostics == "off"]:
        checks.forget(Desk(ls, uri))


async def register(ls: AtlasServer) -> None:
    """Ask to hear of changed settings and project files, and offer ghost text, where the client
    has that.
    """
    found = []
    if ls.client.can_watch_settings:
        found.append(_registration(types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": "atlas"}))
    if ls.client.can_watch_files:
        watched = {"watchers": [{"globPattern": "**/pyproject.toml"}]}
        found.append(_registration(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, watched))
    if ls.client.can_be_told_of_ghosts:
        ours = {"documentSelector": [{"language": "python"}]}
        found.append(_registration(types.TEXT_DOCUMENT_INLINE_COMPLETION, ours))
    if not found:
        return
    asked = ls.client_register_capability_async(types.RegistrationParams(registrations=found))
    try:
        await answer_to(asked, CONFIGURATION_S)
    except NoAnswer:
        ls.window.note(
            "the editor will not tell of changed settings; restart the server after a change"
        )


def _registration(method: str, options: object) -> types.Registration:
    return types.Registration(id=f"atlas {method}", method=method, register_options=options)


def add_texts(server: AtlasServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(ls: AtlasServer, params: types.DidOpenTextDocumentParams) -> None:
        ls.adopt(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: AtlasServer, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        ls.tell_changed(uri)
        if ls.checked.get(uri):
            ls.spawn_check(uri, checks.settle(Desk(ls, uri)))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(ls: AtlasServer, params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        if ls.settings(uri).diagnostics == "save":
            ls.spawn_check(uri, checks.check(Desk(ls, uri)))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(ls: AtlasServer, params: types.DidCloseTextDocumentParams) -> None:
        checks.forget(Desk(ls, params.text_document.uri))


def add_views(server: AtlasServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=list(actions.KINDS)),
    )
    def code_action(ls: AtlasServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        seen = ls.snapshot(params.text_document.uri)
        return code_actions(seen, params) if seen else []

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: AtlasServer, params: types.HoverParams) -> types.Hover | None:
        seen = ls.snapshot(params.text_document.uri)
        return evidence_hover(seen, params.position) if seen else None

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def code_lens(ls: AtlasServer, params: types.CodeLensParams) -> list[types.CodeLens]:
        seen = ls.snapshot(params.text_document.uri)
        return code_lenses(seen) if seen else []

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION)
    def inline_completion(
        ls: AtlasServer, params: types.InlineCompletionParams
    ) -> list[types.InlineCompletionItem]:
        seen = ls.snapshot(params.text_document.uri)
        return results.ghosts(seen, params.position.line) if seen else []


def add_commands(server: AtlasServer) -> None:
    add_job_commands(server)
    add_result_commands(server)
    add_evidence_commands(server)
    add_plugin_commands(server)
    add_plugin_answers(server)


def add_plugin_commands(server: AtlasServer) -> None:
    """For plugins of ours, which draw results themselves."""

    @server.command("atlas.proposal")
    def proposal(ls: AtlasServer, uri: str, name: str) -> dict[str, object]:
        """The file with the result in it, as `text`; else `why` not."""
        return results.proposal(ls.snapshot(uri), name)

    @server.command("atlas.result")
    def result_of(ls: AtlasServer, uri: str, name: str) -> dict[str, object] | None:
        """The evidence and the diff of a function's last result; nothing is opened."""
        return results.texts(ls.snapshot(uri), name)

    @server.command("atlas.results")
    def waiting(ls: AtlasServer) -> list[dict[str, object]]:
        """The results that wait, oldest first."""
        return [
            results.described(key, result, ls.settings(key[0]).apply)
            for key, result in ls.shelf.results.items()
        ]

    @server.command("atlas.functionAt")
    def name_at(ls: AtlasServer, uri: str, line: int, character: int) -> str | None:
        """The name of the function at a position, as the other commands take it."""
        try:
            document = ls.buffer(uri).document
            return function_at(document, line, character, unit=ls.unit).label
        except (SourceError, OSError):
            return None


def add_plugin_answers(server: AtlasServer) -> None:
    """What a person does with a result in a plugin of ours."""

    @server.command("atlas.discard")
    def discard(ls: AtlasServer, uri: str, name: str) -> bool:
        """Forget a result; the history keeps it."""
        was_there = ls.shelf.discard((uri, name))
        ls.window.refresh_lenses()
        return was_there

    @server.command("atlas.answer")
    def answer(ls: AtlasServer, uri: str, name: str, *output: str) -> bool:
        """Apply the solution whose output is right; without an output neither is. False where
        there is no such question; what became of the edit is told as a message.
        """
        result, said = ls.shelf.results.get((uri, name)), output[0] if output else None
        if result is None or not results.can_be_answered(result, said):
            return False
        ls.spawn(results.answer(Desk(ls, uri), name, result, said))
        return True

    @server.command("atlas.examples")
    async def examples(ls: AtlasServer, uri: str) -> list[dict[str, object]] | dict[str, str]:
        """Run the examples of a file, and say how each function fared."""
        try:
            return await results.examples(Desk(ls, uri))
        except (SandboxError, OSError) as exc:
            return {"error": str(exc)}

    @server.command("atlas.addTests")
    def add_tests(ls: AtlasServer, uri: str, name: str) -> bool:
        """Put the generated tests where they belong; False where there are none that fit."""
        seen = ls.snapshot(uri)
        proposed = seen.proposals.get(name) if seen else None
        taken = proposal_action(seen, proposed) if seen and proposed else None
        if taken is None or taken.edit is None:
            return False
        ls.workspace_apply_edit(types.ApplyWorkspaceEditParams(edit=taken.edit, label=taken.title))
        return True


def add_job_commands(server: AtlasServer) -> None:
    @server.command("atlas.solve")
    def solve(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return work.start(Desk(ls, uri), "solve", name)

    @server.command("atlas.repair")
    def repair(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return work.start(Desk(ls, uri), "repair", name)

    @server.command("atlas.repairTested")
    def repair_tested(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        """Repair what the failing test function of that name tests."""
        return work.start(Desk(ls, uri), work.TESTED, name)

    @server.command("atlas.tests")
    def tests(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return work.start(Desk(ls, uri), work.TESTS, name)

    @server.command("atlas.again")
    def again(ls: AtlasServer, uri: str, name: str, *more_time: bool) -> dict[str, str]:
        """Solve or repair anew: with the next seed, or with twice the time."""
        was = ls.shelf.results.pop((uri, name), None)
        instead = results.again(was, ls.settings(uri), more_time=any(more_time))
        return work.start(Desk(ls, uri), "solve", name, instead)

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
        result = ls.shelf.results.get((uri, name))
        if result:
            ls.spawn(_applied(Desk(ls, uri), name, result))
        return result is not None

    @server.command("atlas.check")
    def check(ls: AtlasServer, uri: str) -> bool:
        """Run the examples of a file now and show those that fail."""
        if not ls.settings(uri).trusted or ls.settings(uri).diagnostics == "off":
            return False
        ls.spawn_check(uri, checks.check(Desk(ls, uri)))
        return True


def add_evidence_commands(server: AtlasServer) -> None:
    @server.command("atlas.evidence")
    def evidence(ls: AtlasServer, uri: str, name: str) -> dict[str, Any] | None:
        """The evidence of a function's last result; opened too, where the editor can."""
        result = ls.shelf.results.get((uri, name))
        if result is None:
            ls.window.say(f"there is no evidence on `{name}`; solve it first")
            return None
        record = ls.shelf.records.get((uri, name))
        if record and ls.client.can_show_documents:
            ls.spawn(ls.window.show(record.markdown.as_uri(), str(record.markdown)))
        return {
            "markdown": card(result),
            "document": record.markdown.read_text("utf-8") if record else None,
            "evidence": as_json(result),
            "id": record.record_id if record else None,
            "path": str(record.folder) if record else None,
        }

    @server.command("atlas.diff")
    def diff(ls: AtlasServer, uri: str, name: str) -> str | None:
        """The diff of a function's last result; opened too, where the editor can."""
        result = ls.shelf.results.get((uri, name))
        if result and ls.client.can_show_documents:
            ls.spawn(show_diff(ls.window, name, ls.shelf.records.get((uri, name))))
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
        return replay(Desk(ls, uri), record_id)


async def _applied(desk: Desk, name: str, result: JobResult) -> None:
    if not desk.client.may_send_edit(desk.text.version):
        desk.window.say(
            "this editor may apply an edit to a newer text; take it from the code actions"
        )
        return
    await apply(desk, name, result)
