"""Work-done progress of one job: created where the client can show it, ended exactly once."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

AT_MOST_EVERY_S = 0.25
PATIENCE_S = 2.0
"""How long a client may take to answer the creation of a token."""


class JobProgress:
    def __init__(self, server: LanguageServer, title: str) -> None:
        self._server = server
        self._title = title
        self._last = 0.0
        self._begun = False
        self.token = f"atlas-{uuid.uuid4().hex[:12]}"

    async def begin(self) -> None:
        """Tell the client, if it said that it can show progress; else stay silent."""
        window = self._server.client_capabilities.window
        if not (window and window.work_done_progress):
            return
        # A late reply to a cancelled request would raise inside pygls: shield it.
        asked = asyncio.ensure_future(self._server.work_done_progress.create_async(self.token))
        asked.add_done_callback(_ignore_result)
        try:
            await asyncio.wait_for(asyncio.shield(asked), PATIENCE_S)
        except (TimeoutError, JsonRpcException):
            return
        self._begun = True
        begin = types.WorkDoneProgressBegin(title=self._title, cancellable=True)
        self._server.work_done_progress.begin(self.token, begin)

    def report(self, message: str, *, done: int | None = None, total: int | None = None) -> None:
        now = time.monotonic()
        if not self._begun or now - self._last < AT_MOST_EVERY_S:
            return
        self._last = now
        share = round(100 * done / total) if done is not None and total else None
        report = types.WorkDoneProgressReport(message=message, percentage=share)
        self._server.work_done_progress.report(self.token, report)

    def end(self, message: str) -> None:
        if self._begun:
            self._begun = False
            end = types.WorkDoneProgressEnd(message=message)
            self._server.work_done_progress.end(self.token, end)
        self._server.work_done_progress.tokens.pop(self.token, None)


def _ignore_result(asked: asyncio.Future[Any]) -> None:
    """Fetch the exception, so that nobody complains that it was never looked at."""
    if not asked.cancelled():
        asked.exception()
