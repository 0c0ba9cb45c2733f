"""What a running flow has of one file: its newest text, the client, the solver, and the results.

A flow outlives the moment that a view shows, so it looks again; it gets this and not the server.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from atlas_lsp.cards import History
from atlas_lsp.client import Client
from atlas_lsp.jobs import JobTable, ServerJob, Work
from atlas_lsp.orders import Checked, Order, Proposed
from atlas_lsp.settings import ServerSettings
from atlas_lsp.snapshot import Snapshot, Text
from atlas_lsp.window import Window

if TYPE_CHECKING:
    from atlas_lsp.cards import Record
    from atlas_lsp.state import AtlasServer
    from pipeline.job import JobResult

T = TypeVar("T")


class Desk:
    """Of the file `uri`; whatever is asked of it is as it is at that moment."""

    def __init__(self, server: AtlasServer, uri: str) -> None:
        self._server = server
        self.uri = uri

    @property
    def window(self) -> Window:
        return self._server.window

    @property
    def client(self) -> Client:
        return self._server.window.client

    @property
    def settings(self) -> ServerSettings:
        return self._server.settings(self.uri)

    @property
    def text(self) -> Text:
        """As the client has it. Raises SourceError or OSError where there is none."""
        return self._server.text(self.uri)

    @property
    def now(self) -> Snapshot | None:
        """The file with all that is known of it; None where there is no file."""
        return self._server.snapshot(self.uri)

    @property
    def is_open(self) -> bool:
        return self._server.buffers.is_open(self.uri)

    async def changed(self, within_s: float) -> bool:
        """Wait for the next change of the text."""
        return await self._server.changed(self.uri, within_s)

    def of(self, uri: str) -> Desk:
        """Of another file."""
        return Desk(self._server, uri)

    def uri_of(self, path: Path) -> str:
        """As the client calls the file, where it has it open."""
        opened = {str(Path(text.document.path)): text.uri for text in self._server.open_texts()}
        return opened.get(str(path)) or path.as_uri()

    # --- work ---------------------------------------------------------------------------------

    @property
    def jobs(self) -> JobTable:
        return self._server.jobs

    def start(self, verb: str, name: str, work: Work) -> ServerJob:
        """A job beside the loop, which ends with the request or the server; a failure is told."""
        request = self._server.protocol.msg_id
        job = self.jobs.start((self.uri, name), verb, work, request_id=request)
        if job.task:
            job.task.add_done_callback(self._server.report_failure)
        return job

    async def run(self, order: Order[T]) -> T:
        """Raises as the order does."""
        return await self._server.solver.run(order)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        self._server.spawn(work)

    def complain(self, what: str) -> None:
        """A visible warning, once."""
        self._server.complain((what,))

    # --- what came of it ----------------------------------------------------------------------

    async def keep(self, name: str, result: JobResult) -> None:
        """Remember a result, on disk too where that can be written."""
        await self._server.keep((self.uri, name), result)

    def propose(self, name: str, proposed: Proposed) -> None:
        """Remember generated tests, until they are taken."""
        self._server.shelf.proposals[self.uri, name] = proposed

    def record(self, name: str) -> Record | None:
        """Where the function's last result is kept."""
        return self._server.shelf.records.get((self.uri, name))

    @property
    def history(self) -> History:
        return self._server.history(self.uri)

    @property
    def checked(self) -> Mapping[str, Checked]:
        """What the examples showed, by function."""
        return self._server.checked.get(self.uri, {})

    @checked.setter
    def checked(self, found: Mapping[str, Checked]) -> None:
        self._server.checked[self.uri] = dict(found)
        if not found:
            del self._server.checked[self.uri]

    def home_of(self, name: str, result: JobResult) -> Desk:
        """Where the function is now that its job has ended: its file may have been renamed."""
        if self.is_open:
            return self
        found = self._server.shelf.home_of(result, self._server.open_texts())
        return self.of(found) if found else self
