"""The language server: converts in, calls the core, converts out."""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from atlas_lsp import actions
from atlas_lsp.anchors import fit
from atlas_lsp.jobs import Job, JobTable, Key
from atlas_lsp.positions import to_lsp_edits
from atlas_lsp.progress import JobProgress
from atlas_lsp.runtime import LazyRuntime
from atlas_lsp.settings import ServerSettings, read_settings
from pipeline.source.locate import find_function, function_at
from pipeline.source.text import Document, SourceError, Unit

if TYPE_CHECKING:
    from pipeline.events import Event
    from pipeline.job import JobResult

log = logging.getLogger(__name__)
PATIENCE_S = 600.0
"""How long a question to the user stays open; the code action stays after that."""
UNITS: dict[types.PositionEncodingKind | str, Unit] = {
    types.PositionEncodingKind.Utf8: "utf-8",
    types.PositionEncodingKind.Utf16: "utf-16",
    types.PositionEncodingKind.Utf32: "utf-32",
}


class AtlasServer(LanguageServer):
    """State of one connection: the settings, the jobs, what they found, and the lazy runtime."""

    def __init__(self) -> None:
        # Full sync: pygls applies partial changes by `str.splitlines`, which also splits at form
        # feeds and loses the place in such files.
        super().__init__(
            "atlas", version("atlas-lsp"), text_document_sync_kind=types.TextDocumentSyncKind.Full
        )
        self.settings = ServerSettings()
        self.jobs = JobTable()
        self.results: dict[Key, JobResult] = {}
        self.by_token: dict[str, Job] = {}
        self.runtime = LazyRuntime()

    @property
    def unit(self) -> Unit:
        return UNITS[self.workspace.position_encoding or types.PositionEncodingKind.Utf16]

    def document(self, uri: str) -> Document:
        """The text as the client has it (or the file's, if it is not open)."""
        return Document(
            text=self.workspace.get_text_document(uri).source, path=to_fs_path(uri) or uri
        )

    async def close(self) -> None:
        """End every job, the model and the sandbox; may be called twice."""
        await self.jobs.close()
        await self.runtime.close()

    def say(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        self.window_show_message(types.ShowMessageParams(type=kind, message=message))


def create_server() -> AtlasServer:
    """A server with its features; nothing heavy is imported or started before a job needs it."""
    server = AtlasServer()

    @server.feature(types.INITIALIZE)
    def initialize(ls: AtlasServer, params: types.InitializeParams) -> None:
        ls.settings, ls_complaints = read_settings(params.initialization_options)
        for complaint in ls_complaints:
            ls.say(f"atlas: {complaint}", types.MessageType.Warning)

    @server.feature(types.SHUTDOWN)
    async def shutdown(ls: AtlasServer, *_: object) -> None:
        await ls.close()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(ls: AtlasServer, params: types.DidChangeTextDocumentParams) -> None:
        forget_done_requests(ls)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=list(actions.KINDS)),
    )
    def code_action(ls: AtlasServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        return code_actions(ls, params)

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancel_progress(ls: AtlasServer, params: types.WorkDoneProgressCancelParams) -> None:
        job = ls.by_token.get(str(params.token))
        if job:
            job.cancel()

    @server.command("atlas.solve")
    def solve(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return start(ls, "solve", uri, name)

    @server.command("atlas.repair")
    def repair(ls: AtlasServer, uri: str, name: str) -> dict[str, str]:
        return start(ls, "repair", uri, name)

    @server.command("atlas.cancel")
    def cancel(ls: AtlasServer, job_id: str = "") -> int:
        """Cancel one job, or all; says how many."""
        found = [job for job in ls.jobs.all if job_id in ("", job.job_id)]
        for job in found:
            job.cancel()
        return len(found)

    @server.command("atlas.stop")
    def stop(ls: AtlasServer, job_id: str = "") -> int:
        """Stop one job, or all, and keep the best so far; says how many."""
        found = [job for job in ls.jobs.all if job_id in ("", job.job_id)]
        for job in found:
            job.keep_best.set()
        return len(found)

    return server


def forget_done_requests(ls: AtlasServer) -> None:
    """pygls 2.1 keeps a future for every notification for ever; drop those that are done."""
    futures = ls.protocol._request_futures
    if len(futures) > 200:
        for msg_id in [key for key, future in futures.items() if future.done()]:
            futures.pop(msg_id, None)


def code_actions(ls: AtlasServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done with the function under the cursor; [] where the file does not parse."""
    uri, only = params.text_document.uri, params.context.only
    now = ls.document(uri)
    try:
        place = params.range.start
        site = function_at(now, place.line, place.character, unit=ls.unit)
    except SourceError:
        return []
    if site is None:
        return []
    key = (uri, site.name)
    found: list[types.CodeAction] = []
    result = ls.results.get(key)
    fitting = fit(result, now) if result else None
    if result and fitting:
        number = ls.workspace.get_text_document(uri).version
        found.append(actions.apply_action(uri, number, result, fitting, now, ls.unit))
    automatic = params.context.trigger_kind is types.CodeActionTriggerKind.Automatic
    job = ls.jobs.on(key)
    if job:
        found += actions.stop_actions(job.job_id, site.name)
    elif not automatic or only:
        found += actions.start_actions(uri, site)
    return [action for action in found if actions.wanted(str(action.kind), only)]


def start(ls: AtlasServer, verb: str, uri: str, name: str) -> dict[str, str]:
    """Start a job beside the loop and answer at once with its id."""
    if not ls.settings.trusted:
        ls.say("atlas: this workspace is not trusted, nothing is run", types.MessageType.Warning)
        return {"error": "untrusted"}
    job = ls.jobs.start((uri, name), verb, lambda job, turn: run(ls, job, turn))
    return {"jobId": job.job_id}


async def run(ls: AtlasServer, job: Job, turn: asyncio.Semaphore) -> None:
    """One job from its first sign of progress to its offer; every end is told exactly once."""
    progress = JobProgress(ls, f"Atlas: {job.verb} {job.key[1]}")
    ls.by_token[progress.token] = job
    said = "cancelled"
    try:
        await progress.begin()
        progress.report("waiting for its turn" if turn.locked() else "starting")
        async with turn:
            result = await work(ls, job, progress)
        said = headline(result)
        if result.new_text is not None:
            ls.results[job.key] = result
        offered = asyncio.create_task(offer(ls, job.key, result))
        offered.add_done_callback(report_failure)
    except Exception as exc:
        # The edge: whatever broke is told in one line, and the server goes on.
        log.exception("%s failed", job.job_id)
        said = f"atlas: {exc}"
        ls.say(said, types.MessageType.Error)
    finally:
        ls.by_token.pop(progress.token, None)
        progress.end(said)


def report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception():
        log.error("offering an edit failed", exc_info=task.exception())


async def work(ls: AtlasServer, job: Job, progress: JobProgress) -> JobResult:
    """Take the text as it is now, and solve."""
    from pipeline.context import Settings
    from pipeline.job import run_job

    def emit(event: Event) -> None:
        message = getattr(event, "message", None)
        if message:
            done, total = getattr(event, "done", None), getattr(event, "total", None)
            loop.call_soon_threadsafe(lambda: progress.report(message, done=done, total=total))

    loop = asyncio.get_running_loop()
    uri, name = job.key
    document = ls.document(uri)
    site = find_function(document, name)
    runtime = await ls.runtime.get(ls.settings)
    settings = Settings(k=ls.settings.k, seed=ls.settings.seed, timeout_s=ls.settings.timeout)
    return await run_job(runtime, document, site, settings, emit=emit, keep_best=job.keep_best)


def headline(result: JobResult) -> str:
    solution = result.solution
    took = f", {solution.ledger.wall_s:.0f} s" if solution.ledger else ""
    first = f": {solution.evidence[0]}" if solution.evidence else ""
    return f"{result.site.name} {solution.status}{first}{took}"


async def offer(ls: AtlasServer, key: Key, result: JobResult) -> None:
    """Bring a finished result to the user: applied, asked for, or left as a code action."""
    how = ls.settings.apply
    if not result.solution.is_good or how == "offer" or not can_ask(ls):
        hint = "; take it from the code actions" if result.new_text is not None else ""
        if result.solution.is_good and how == "auto":
            await apply(ls, key, result)
            return
        ls.say(f"atlas: {headline(result)}{hint}")
        return
    if how == "auto" or await agrees(ls, result):
        await apply(ls, key, result)


def can_ask(ls: AtlasServer) -> bool:
    window = ls.client_capabilities.window
    return bool(window and window.show_message)


async def agrees(ls: AtlasServer, result: JobResult) -> bool:
    """Ask; no answer within the patience is a no, and the code action stays."""
    yes = types.MessageActionItem(title="Apply")
    question = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=f"atlas: {headline(result)}",
        actions=[yes, types.MessageActionItem(title="Not now")],
    )
    asked = asyncio.ensure_future(ls.window_show_message_request_async(question))
    try:
        answer = await asyncio.wait_for(asyncio.shield(asked), PATIENCE_S)
    except (TimeoutError, JsonRpcException):
        return False
    return answer is not None and answer.title == yes.title


async def apply(ls: AtlasServer, key: Key, result: JobResult) -> None:
    """Send the edit if it still fits the text; else keep it and say so."""
    uri = key[0]
    now = ls.document(uri)
    fitting = fit(result, now)
    if fitting is None:
        ls.say(
            f"atlas: {key[1]} changed while it was being solved, so nothing was applied; "
            "the solution is kept for when the function is as it was",
            types.MessageType.Warning,
        )
        return
    edits = to_lsp_edits(now, fitting.edits, ls.unit)
    edit = actions.plain_edit(uri, edits)
    if knows_document_changes(ls):
        number = ls.workspace.get_text_document(uri).version
        edit = actions.workspace_edit(uri, number, edits)
    label = f"Atlas: {key[1]}"
    answer = await ls.workspace_apply_edit_async(
        types.ApplyWorkspaceEditParams(edit=edit, label=label)
    )
    if not answer.applied:
        why = answer.failure_reason or "the editor gave no reason"
        ls.say(f"atlas: the editor did not apply the edit ({why}); it is among the code actions")


def knows_document_changes(ls: AtlasServer) -> bool:
    workspace = ls.client_capabilities.workspace
    edit = workspace.workspace_edit if workspace else None
    return bool(edit and (edit.document_changes or edit.resource_operations))
