"""Work-done progress of one job: created where the client can show it, ended exactly once."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp.protocol import NoAnswer, answer_to

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

AT_MOST_EVERY_S = 0.25
PATIENCE_S = 2.0
"""How long a client may take to answer the creation of a token."""


class JobProgress:
    """Silent where the client has no progress; percentages only from real counts."""

    def __init__(self, server: LanguageServer, title: str, *, is_wanted: bool) -> None:
        self._server = server
        self._title = title
        self._wanted = is_wanted
        self._last, self._stage = 0.0, ""
        self._begun = self._ended = False
        self.token = f"atlas-{uuid.uuid4().hex[:12]}"

    async def begin(self) -> None:
        """Ask for a token and begin; a client that refuses it or stays silent sees no progress."""
        if not self._wanted:
            return
        params = types.WorkDoneProgressCreateParams(token=self.token)
        try:
            await answer_to(self._server.window_work_done_progress_create_async(params), PATIENCE_S)
        except NoAnswer:
            return
        if not self._ended:
            self._begun = True
            self._send(types.WorkDoneProgressBegin(title=self._title, cancellable=True))

    def report(self, message: str, *, done: int | None = None, total: int | None = None) -> None:
        """Not too often, but each stage at least once: what stands before the colon names it."""
        now, stage = time.monotonic(), message.partition(":")[0]
        is_soon = now - self._last < AT_MOST_EVERY_S and stage == self._stage
        if not self._begun or is_soon:
            return
        self._last, self._stage = now, stage
        share = min(100, round(100 * done / total)) if done is not None and total else None
        self._send(types.WorkDoneProgressReport(message=message, percentage=share))

    def end(self, message: str) -> None:
        self._ended = True
        if self._begun:
            self._begun = False
            self._send(types.WorkDoneProgressEnd(message=message))

    def _send(
        self,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        self._server.progress(types.ProgressParams(token=self.token, value=value))
