"""The client as a handle: what it can be told and asked; work gets this, not the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp.client import Client
from atlas_lsp.progress import JobProgress
from atlas_lsp.protocol import NoAnswer, answer_to

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

QUESTION_S = 600.0
"""How long a question to the user stays open; the code action stays after that."""
APPLY_S = 10.0


class Window:
    """Says nothing twice by itself, and takes silence for no."""

    def __init__(self, server: LanguageServer, client: Client) -> None:
        self._server = server
        self.client = client

    def say(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """One line for the user."""
        line = f"atlas: {' '.join(message.split())}"
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=line))

    def note(self, message: str) -> None:
        """For the editor's log only."""
        kind = types.MessageType.Log
        params = types.LogMessageParams(type=kind, message=f"atlas: {message}")
        self._server.window_log_message(params)

    async def ask(self, message: str, titles: Sequence[str]) -> str:
        """The title that the user picked; "" where there was no answer."""
        asked = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=f"atlas: {message}",
            actions=[types.MessageActionItem(title=title) for title in titles],
        )
        try:
            answer = await answer_to(
                self._server.window_show_message_request_async(asked), QUESTION_S
            )
        except NoAnswer:
            return ""
        return answer.title if answer else ""

    async def show(self, uri: str, path: str) -> None:
        """Open a document; where the client cannot, tell its path."""
        if not self.client.can_show_documents:
            self.say(path)
            return
        opening = self._server.window_show_document_async(types.ShowDocumentParams(uri=uri))
        try:
            await answer_to(opening, APPLY_S)
        except NoAnswer:
            self.say(path)

    async def apply(self, edit: types.WorkspaceEdit, label: str) -> str:
        """Why the client did not apply it; "" where it says that it did."""
        params = types.ApplyWorkspaceEditParams(edit=edit, label=label)
        try:
            answer = await answer_to(self._server.workspace_apply_edit_async(params), APPLY_S)
        except NoAnswer as exc:
            return str(exc) or "no answer"
        return "" if answer.applied else answer.failure_reason or "it gave no reason"

    def publish(
        self, uri: str, diagnostics: Sequence[types.Diagnostic], version: int | None = None
    ) -> None:
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=list(diagnostics), version=version)
        )

    def notify(self, method: str, told: Mapping[str, object]) -> None:
        """For a plugin of ours."""
        self._server.protocol.notify(method, told)

    def progress(self, title: str) -> JobProgress:
        return JobProgress(self._server, title, is_wanted=self.client.can_show_progress)

    def refresh_lenses(self) -> None:
        if self.client.can_refresh_lenses:
            self._server.workspace_code_lens_refresh(None)
