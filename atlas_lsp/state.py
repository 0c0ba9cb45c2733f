"""One connection: its client, settings, buffers, jobs, results, and the tasks it must end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import cache as cached
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cattrs import Converter
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter
from pygls.uris import from_fs_path, to_fs_path

from atlas_lsp.cards import History
from atlas_lsp.client import Client
from atlas_lsp.documents import Buffer, Buffers
from atlas_lsp.jobs import JobTable, Key
from atlas_lsp.orders import Checked
from atlas_lsp.protocol import AtlasProtocol
from atlas_lsp.returned import returned
from atlas_lsp.settings import (
    ServerSettings,
    as_layer,
    checked,
    project_settings,
    properties,
    settings_from,
)
from atlas_lsp.shelf import Shelf
from atlas_lsp.snapshot import Snapshot, Text
from atlas_lsp.solver import Solver
from atlas_lsp.window import Window
from pipeline.syntax.text import SourceError, Unit

if TYPE_CHECKING:
    from pipeline.job import JobResult

T = TypeVar("T")
log = logging.getLogger(__name__)


class AtlasServer(LanguageServer):
    """State only; the features are in `atlas_lsp.server`."""

    protocol: AtlasProtocol

    def __init__(
        self,
        solver: Solver,
        cache: Path,
        launch: Mapping[str, object],
        user: tuple[Mapping[str, object], tuple[str, ...]],
    ) -> None:
        super().__init__(
            "atlas",
            version("atlas-lsp"),
            protocol_cls=AtlasProtocol,
            converter_factory=_converter,
        )
        self.solver = solver
        self.cache = cache
        self.window = Window(self, Client(capabilities=types.ClientCapabilities()))
        self.jobs = JobTable()
        self.shelf = Shelf()
        self.checked: dict[str, dict[str, Checked]] = {}
        """By document URI and function."""
        self._launch = launch
        """Settings of the command line and the environment; stronger than all others."""
        self._user = user
        """The user's file, weaker than all others, and what is wrong with it."""
        self._layers: dict[str, list[dict[str, object]]] = {"": []}
        """Settings by folder URI, weakest first; "" is what the client said at the start."""
        self._complained: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changes: dict[str, list[asyncio.Future[None]]] = {}
        self._checks: dict[str, asyncio.Task[None]] = {}
        self.protocol.on_cancel = lambda msg_id: self.jobs.cancel_where(request_id=msg_id)

    @property
    def client(self) -> Client:
        """What the client can do, and how it behaves."""
        return self.window.client

    # --- texts --------------------------------------------------------------------------------

    @property
    def buffers(self) -> Buffers:
        found = self.workspace
        assert isinstance(found, Buffers)
        return found

    @property
    def unit(self) -> Unit:
        return self.buffers.unit

    def buffer(self, uri: str) -> Buffer:
        """The text as the client has it (or the file's, if it is not open)."""
        return self.buffers.buffer(uri)

    def snapshot(self, uri: str) -> Snapshot | None:
        """The file as it is now, with all that is known of it; None where there is no file."""
        text = self._text(uri)
        if text is None:
            return None
        proposals = _of_file(uri, self.shelf.proposals)
        edits = [edit for one in proposals.values() for edit in one.proposal.edits]
        paths = [edit.path for edit in edits if edit.old_text is not None]
        beside = {
            path: self._text(from_fs_path(str(Path(path).absolute())) or "") for path in paths
        }
        return Snapshot(
            text=text,
            unit=self.unit,
            settings=self.settings(uri),
            client=self.window.client,
            results=_of_file(uri, self.shelf.results),
            records=_of_file(uri, self.shelf.records),
            proposals=proposals,
            checked=dict(self.checked.get(uri, {})),
            jobs={
                job.key[1]: job.job_id
                for job in self.jobs.all
                if job.key[0] == uri and self.jobs.on(job.key) is job
            },
            beside={path: one for path, one in beside.items() if one is not None},
        )

    def text(self, uri: str) -> Text:
        """As the client has it, or the disk. Raises SourceError or OSError where there is none."""
        buffer = self.buffer(uri)
        document = buffer.document
        return Text(uri=uri, document=document, version=buffer.version, in_order=buffer.in_order)

    def open_texts(self) -> Iterator[Text]:
        """Of every file that the client has open."""
        found = (self._text(uri) for uri in list(self.buffers.text_documents))
        yield from (text for text in found if text and self.buffers.is_open(text.uri))

    def _text(self, uri: str) -> Text | None:
        try:
            return self.text(uri)
        except (OSError, SourceError):
            return None

    async def changed(self, uri: str, within_s: float) -> bool:
        """Wait for the next change of a buffer."""
        future = asyncio.get_running_loop().create_future()
        self._changes.setdefault(uri, []).append(future)
        done, _ = await asyncio.wait({future}, timeout=within_s)
        return bool(done)

    def tell_changed(self, uri: str) -> None:
        for future in self._changes.pop(uri, ()):
            if not future.done():
                future.set_result(None)

    # --- settings -----------------------------------------------------------------------------

    def set_initial(self, options: object) -> None:
        good, complaints = checked(options, "client", "initializationOptions")
        base: dict[str, object] = {"codeLens": True} if self.window.client.prefers_lenses else {}
        self._layers[""] = [base, good]
        self.complain((*self._user[1], *complaints))

    def set_folder(self, folder: str, pulled: object) -> None:
        """The settings of a workspace folder ("" for none): its project file, then the client's."""
        layers: list[dict[str, object]] = []
        if root := to_fs_path(folder) if folder else None:
            project, complaints = project_settings(Path(root))
            self.complain(complaints)
            layers.append(project)
        good, complaints = checked(self._unlike_now(pulled), "folder", "the editor's settings")
        self.complain(complaints)
        if folder:
            self._layers[folder] = [*layers, good]
        else:
            self._layers[""] = [*self._layers[""][:2], good]

    def _unlike_now(self, pulled: object) -> object:
        """Without the machine's keys that say what holds already: clients send all they have."""
        if not isinstance(pulled, Mapping):
            return pulled
        now = as_layer(self.settings())
        machine = {name for name, one in properties().items() if one["scope"] == "machine"}
        return {k: v for k, v in pulled.items() if k not in machine or now[k] != v}

    def settings(self, uri: str = "") -> ServerSettings:
        folder = self.folder_of(uri)
        own = self._layers.get(folder, ()) if folder else ()
        return settings_from(self._user[0], *self._layers[""], *own, self._launch)

    def folder_of(self, uri: str) -> str:
        """The workspace folder that holds the file, the longest first; "" for none."""
        roots = [one.uri for one in self.workspace.folders.values()] or [self.workspace.root_uri]
        inside = [root for root in roots if root and f"{uri}/".startswith(f"{root.rstrip('/')}/")]
        return max(inside, key=len, default="")

    def complain(self, complaints: tuple[str, ...]) -> None:
        """One visible warning for each thing that is wrong, once."""
        for complaint in complaints:
            if complaint not in self._complained:
                self._complained.add(complaint)
                self.window.say(complaint, types.MessageType.Warning)

    def history(self, uri: str) -> History:
        return History(self.cache, self.folder_of(uri) or "no folder")

    # --- results ------------------------------------------------------------------------------

    async def keep(self, key: Key, result: JobResult) -> None:
        """Remember a result, on disk too where that can be written."""
        history, settings = self.history(key[0]), self.settings(key[0])
        self.shelf.records.pop(key, None)
        try:
            self.shelf.records[key] = await asyncio.to_thread(history.add, result, settings, key[0])
        except OSError as exc:
            self.complain((f"the evidence cannot be kept in {history.folder}: {exc.strerror}",))
        self.shelf.results[key] = result
        self.window.refresh_lenses()

    def adopt(self, uri: str) -> None:
        """A file was opened that may be an old one under a new name."""
        if text := self._text(uri):
            self.shelf.adopt(text, self.buffers.is_open)
            self.spawn(self._take_back(text))

    async def _take_back(self, text: Text) -> None:
        """What an earlier server finished on the functions of this file."""
        history, document = self.history(text.uri), text.document
        found = await asyncio.to_thread(lambda: list(returned(history, text.uri, document)))
        for name, record, result in found:
            self.shelf.take_back((text.uri, name), record, result)
        if found:
            self.window.refresh_lenses()

    # --- tasks --------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run beside the loop; held until it ends, its failure told, cancelled with the server."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def spawn_check(self, uri: str, work: Coroutine[None, None, None]) -> None:
        """As `spawn`; a newer check of the same file ends an older one."""
        if (older := self._checks.get(uri)) is not None:
            older.cancel()
        self._checks[uri] = self.spawn(work)

    def report_failure(self, task: asyncio.Task[None]) -> None:
        """Log what broke and tell it in one line; the server goes on."""
        if not task.cancelled() and (exc := task.exception()):
            log.error("%s failed", task.get_name(), exc_info=exc)
            self.window.say(f"internal error, see the log: {exc}", types.MessageType.Error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.report_failure(task)

    async def close(self) -> None:
        """End every job and task, the model and the sandbox; may be called twice."""
        for task in self._tasks:
            task.cancel()
        await self.jobs.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.solver.close()

    def report_server_error(self, error: Exception, source: Callable[..., object]) -> None:
        """To our log; pygls would show each as a popup."""
        log.error("%s: %s", getattr(source, "__name__", source), error)


def _of_file(uri: str, known: Mapping[Key, T]) -> dict[str, T]:
    """By function, what is known of one file."""
    return {name: one for (place, name), one in known.items() if place == uri}


@cached
def _converter() -> Converter:
    """One per process: making it takes longer than the rest of a server."""
    # pygls leaves this one function without annotations.
    made: Converter = default_converter()  # type: ignore[no-untyped-call]
    return made
