"""Editors that behave and editors that do not, in one process with the server, in virtual time.

The position arithmetic here is written anew on purpose: it must not share a mistake with ours.
"""

from __future__ import annotations

import asyncio
import json
import re
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atlas_lsp.orders import Checked, CheckOrder, Order, SolveOrder, VerifyOrder
from atlas_lsp.server import create_server
from pipeline.core.events import Progress
from pipeline.core.ledger import Ledger
from pipeline.core.task import Candidate, Judged, Solution, Status
from pipeline.job import JobResult, MadeWith
from pipeline.models.api import ModelInfo
from pipeline.source.edit import splice, unified_diff
from pipeline.source.from_file import statement_of, task_from_file
from pipeline.source.locate import find_function, functions
from sandbox.api import Observation, Outcome, Proof, Verdict, VerdictKind

URI = "file:///project/m%C3%B6d.py"
STUB = 'def twice(n):\n    """Twice n 🚀.\n\n    >>> twice(2)\n    4\n    """\n'
JSON = dict[str, Any]


def verdict(n_passed: int, n_examples: int, line: int | None = None) -> Verdict:
    passed = n_passed == n_examples
    return Verdict(
        test_id="doctest",
        kind=VerdictKind.PASS if passed else VerdictKind.WRONG_ANSWER,
        proof=Proof.VALUES,
        detail="" if passed else "twice(2) gave 3, expected 4",
        observation=Observation(outcome=Outcome.RETURNED),
        failing_line=line,
        passed_examples=n_passed,
        n_examples=n_examples,
    )


@dataclass
class FakeSolver:
    """Keeps the Protocol of the pipeline without a model: it knows one answer and when to tell."""

    body: str = "    return 2 * n\n"
    status: Status = Status.VERIFIED
    still_passes: bool = True
    failing: dict[str, int] = field(default_factory=dict)
    """Function and file line of its failing example, for `check`."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None
    began: asyncio.Event = field(default_factory=asyncio.Event)
    n_running: int = 0
    most_running: int = 0
    n_solved: int = 0
    n_verified: int = 0
    n_checked: int = 0
    closed: bool = False

    async def run(self, order: Order[Any]) -> Any:
        match order:
            case SolveOrder():
                return await self.solve(order)
            case VerifyOrder():
                return self.verify(order)
            case CheckOrder():
                return self.check(order)
        raise AssertionError(f"nobody expects {order}")

    async def solve(self, order: SolveOrder) -> JobResult:
        self.n_running += 1
        self.most_running = max(self.most_running, self.n_running)
        self.began.set()
        try:
            order.emit(Progress(message="generate: 1 of 3", done=1, total=3))
            await self._until_told(order)
            if self.error:
                raise self.error
            self.n_solved += 1
            return self.finished(order)
        finally:
            self.n_running -= 1

    async def _until_told(self, order: SolveOrder) -> None:
        told = [asyncio.create_task(e.wait()) for e in (self.gate, order.keep_best)]
        try:
            await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in told:
                task.cancel()

    def finished(self, order: SolveOrder) -> JobResult:
        document, site = order.document, find_function(order.document, order.name)
        code = statement_of(document, site) + self.body
        judged = Judged(candidate=Candidate(code=code, origin="probe"), visible=(verdict(2, 2),))
        new = splice(document, site, code)
        solution = Solution(
            task_id=site.name,
            status=self.status,
            chosen=judged,
            probability=None,
            evidence=("passes 2 of 2 examples",),
            rejected=(
                Judged(candidate=Candidate(code="", origin="probe"), visible=(verdict(0, 2),)),
            ),
            stages=("probe",),
            ledger=Ledger(wall_s=4.0),
        )
        return JobResult(
            document=document,
            site=site,
            task=task_from_file(document, site),
            solution=solution,
            new_text=new,
            diff=unified_diff(document.text, new, document.path),
            made_with=MADE_WITH,
        )

    def verify(self, order: VerifyOrder) -> Judged:
        self.n_verified += 1
        chosen = order.result.solution.chosen
        assert chosen is not None
        passed = verdict(2, 2) if self.still_passes else verdict(1, 2)
        return Judged(candidate=chosen.candidate, visible=(passed,))

    def check(self, order: CheckOrder) -> tuple[Checked, ...]:
        self.n_checked += 1
        return tuple(
            Checked(
                name=site.name,
                source_hash=site.source_hash,
                first_line=site.first_line,
                verdicts=(verdict(1, 3, self.failing[site.name]),),
            )
            for site in functions(order.document)
            if site.name in order.names and site.name in self.failing
        )

    async def close(self) -> None:
        self.closed = True


MADE_WITH = MadeWith(
    model=ModelInfo(name="fake", sha256="0" * 64, backend="fake"), sandbox="fake", isolation=()
)


@dataclass(frozen=True, kw_only=True)
class Manners:
    """What an editor does right and wrong."""

    name: str = "Visual Studio Code"
    checks_version: bool = True
    """Refuses an edit of another version. Neovim does that in its own way: it does not check
    version 0, and says that it applied what it refused.
    """
    answer: str = "applies"
    """To an edit: `applies`, `refuses`, `error`, `lies` (says yes, does nothing), `silent`."""
    late: bool = False
    """Tells its changes only before its next request, or after four seconds."""
    first_version: int = 1


EDITORS = {
    "honest": Manners(),
    "refusing": Manners(answer="refuses"),
    "error-replying": Manners(name="Emacs", answer="error"),
    "lying": Manners(name="Neovim", answer="lies"),
    "silent": Manners(answer="silent"),
    "late": Manners(name="Sublime Text LSP", late=True),
    "blind": Manners(name="vim-lsp", checks_version=False, late=True),
    "blind and unknown": Manners(name="", checks_version=False, late=True),
    "neovim": Manners(name="Neovim", first_version=0),
}


class Editor:
    """One buffer and one connection; every edit it is sent is checked against the oracle."""

    def __init__(
        self,
        text: str,
        manners: Manners,
        cache: Path,
        *,
        encoding: str = "utf-16",
        options: JSON | None = None,
        solver: FakeSolver | None = None,
    ) -> None:
        self.solver = solver or FakeSolver()
        self.server = create_server(cache, self.solver)
        self.server.protocol.set_writer(self)
        self.text = text
        self.version = manners.first_version
        self.manners = manners
        self.encoding = encoding
        self.options = options
        self.replies: dict[int, JSON] = {}
        self.notifications: list[JSON] = []
        self.requests: list[JSON] = []
        self.unsent: list[JSON] = []
        self.picks = {"Apply"}
        self.bodies = ("return 2 * n",)
        """What an edit may put under the stub."""
        self.before_apply: Callable[[], None] = lambda: None
        """The user types while the editor already has the edit in its hands."""
        self.n_applied = 0
        self._waiting: dict[int, asyncio.Future[JSON]] = {}
        self._n = 0
        self.stub = stub_of(text) if "def twice" in text else ""
        """The function as it was when the job began."""
        self.failures: list[AssertionError] = []

    # --- the wire -----------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """What the server sends; handled on the next turn of the loop, as over a pipe."""
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        asyncio.get_running_loop().call_soon(self._receive_or_note, message)

    def close(self) -> None:
        """The writer's part of the Protocol."""

    def _receive_or_note(self, message: JSON) -> None:
        """A failed assertion in a callback must fail the test, not vanish in the loop."""
        try:
            self._receive(message)
        except AssertionError as exc:
            self.failures.append(exc)

    def _receive(self, message: JSON) -> None:
        if "method" not in message and message["id"] is None:
            self.notifications.append(message | {"method": "error"})
        elif "method" not in message:
            assert message["id"] not in self.replies, "a second reply to one request"
            self.replies[message["id"]] = message
            future = self._waiting.get(message["id"])
            if future and not future.done():
                future.set_result(message)
        elif "id" in message:
            self.requests.append(message)
            self._answer(message)
        else:
            self.notifications.append(message)

    def send(self, message: JSON) -> None:
        # Through JSON and back: nothing is shared with the server but text.
        self.server.protocol.receive(json.loads(json.dumps({"jsonrpc": "2.0", **message})))

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    async def ask(self, method: str, params: Any) -> Any:
        self.flush()
        self._n += 1
        future = self._waiting[self._n] = asyncio.get_running_loop().create_future()
        self.send({"id": self._n, "method": method, "params": params})
        return await asyncio.wait_for(future, 60)

    # --- life -----------------------------------------------------------------------------------

    async def start(self) -> None:
        edit = {"documentChanges": True}
        window: JSON = {"workDoneProgress": True, "showMessage": {}}
        if self.manners.name == "vim-lsp":
            window = {}
        capabilities = {
            "general": {"positionEncodings": [self.encoding]},
            "window": window,
            "workspace": {"applyEdit": True, "workspaceEdit": edit},
        }
        params: JSON = {"processId": None, "rootUri": "file:///project"}
        params["capabilities"] = capabilities
        params["initializationOptions"] = self.options
        params["clientInfo"] = {"name": self.manners.name, "version": "1"}
        reply = await self.ask("initialize", params)
        assert reply["result"]["capabilities"]["positionEncoding"] == self.encoding
        self.notify("initialized", {})
        item = {"uri": URI, "languageId": "python", "version": self.version, "text": self.text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    async def stop(self) -> None:
        reply = await self.ask("shutdown", None)
        assert reply.get("error") is None
        assert self.solver.closed
        assert not self.failures, self.failures[0]

    # --- the user -------------------------------------------------------------------------------

    def type(self, start: int, end: int, text: str, *, whole: bool = False) -> None:
        """Replace a part of the buffer; the server hears of it now or later."""
        change: JSON = {
            "range": {"start": self.position(start), "end": self.position(end)},
            "text": text,
        }
        self.text = self.text[:start] + text + self.text[end:]
        self.version += 1
        if whole:
            change = {"text": self.text}
        document = {"uri": URI, "version": self.version}
        self.unsent.append({"textDocument": document, "contentChanges": [change]})
        if self.manners.late:
            asyncio.get_running_loop().call_later(4, self.flush)
        else:
            self.flush()

    def flush(self) -> None:
        unsent, self.unsent = self.unsent, []
        for params in unsent:
            self.notify("textDocument/didChange", params)

    async def command(self, name: str, *arguments: Any) -> Any:
        params = {"command": name, "arguments": list(arguments)}
        if name == "atlas.solve" and "def twice" in self.text:
            self.stub = stub_of(self.text)
        return (await self.ask("workspace/executeCommand", params)).get("result")

    async def actions(self, offset: int, *, only: list[str] | None = None, **context: Any) -> Any:
        here = self.position(offset)
        params = {
            "textDocument": {"uri": URI},
            "range": {"start": here, "end": here},
            "context": {"diagnostics": [], **({"only": only} if only else {}), **context},
        }
        return (await self.ask("textDocument/codeAction", params))["result"]

    # --- what it does with requests -------------------------------------------------------------

    def _answer(self, message: JSON) -> None:
        method, manners = message["method"], self.manners
        if manners.answer == "silent":
            return
        if method == "workspace/applyEdit":
            self.before_apply()
            self._answer_edit(message)
        elif method == "window/showMessageRequest":
            found = [a for a in message["params"]["actions"] if a["title"] in self.picks]
            self._reply(message, found[0] if found else None)
        else:
            self._reply(message, None)

    def _answer_edit(self, message: JSON) -> None:
        kind = self.manners.answer
        if kind == "error":
            error = {"code": -32603, "message": "Edits on stale buffer"}
            self.send({"id": message["id"], "error": error})
            return
        applied = kind == "applies" and self.apply(message["params"]["edit"])
        self._reply(message, {"applied": applied or kind == "lies"})

    def _reply(self, message: JSON, result: Any) -> None:
        self.send({"id": message["id"], "result": result})

    def apply(self, edit: JSON) -> bool:
        """Change the buffer as the edit says; the version is looked at only with good manners."""
        (change,) = edit["documentChanges"]
        version = change["textDocument"]["version"]
        if self.manners.name == "Neovim" and version and version != self.version:
            return True
        checks = self.manners.checks_version and self.manners.name != "Neovim"
        if checks and version is not None and version != self.version:
            return False
        spans = [
            (self.offset(e["range"]["start"]), self.offset(e["range"]["end"]), e["newText"])
            for e in change["edits"]
        ]
        text = self.text
        for start, end, new in sorted(spans, reverse=True):
            text = text[:start] + new + text[end:]
        good = [solved(self.text, self.stub, body) for body in self.bodies]
        assert text in good, "the buffer was corrupted"
        self.n_applied += 1
        self.type(0, len(self.text), text, whole=True)
        return True

    # --- positions, written anew ----------------------------------------------------------------

    def offset(self, position: JSON) -> int:
        starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", self.text))]
        line = self.text[starts[position["line"]] :].encode(self._codec)
        unit = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[self.encoding]
        return starts[position["line"]] + len(
            line[: unit * position["character"]].decode(self._codec)
        )

    def position(self, offset: int) -> JSON:
        before = self.text[:offset]
        starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", before))]
        unit = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[self.encoding]
        column = len(before[starts[-1] :].encode(self._codec)) // unit
        return {"line": len(starts) - 1, "character": column}

    @property
    def _codec(self) -> str:
        return "utf-8" if self.encoding == "utf-8" else f"{self.encoding}-le"

    # --- what it was told -----------------------------------------------------------------------

    @property
    def messages(self) -> list[str]:
        return [
            n["params"]["message"]
            for n in self.notifications
            if n["method"] == "window/showMessage"
        ]

    def progress(self, kind: str) -> list[JSON]:
        found = [n["params"] for n in self.notifications if n["method"] == "$/progress"]
        return [one for one in found if one["value"]["kind"] == kind]

    @property
    def diagnostics(self) -> list[JSON]:
        method = "textDocument/publishDiagnostics"
        found = [n["params"] for n in self.notifications if n["method"] == method]
        return found[-1]["diagnostics"] if found else []


def newline_of(text: str) -> str:
    found = re.search(r"\r\n|\r|\n", text)
    return found[0] if found else "\n"


def stub_of(text: str) -> str:
    """The function as it stands, by plain string search: up to the end of its docstring."""
    start = text.index("def twice")
    quotes = '"""'
    end = text.index(quotes, text.index(quotes, start) + 3) + 3
    return text[start:end]


def solved(text: str, stub: str, body: str) -> str:
    """The oracle: the text with the untouched stub replaced, by plain string search."""
    assert text.count(stub) == 1, "an edit was applied to a function that had changed"
    return text.replace(stub, f"{stub}{newline_of(text)}    {body}")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only when there is nothing to do, and then at once."""

    def __init__(self) -> None:
        self._now = 0.0
        self.n_threads = 0
        super().__init__(_Impatient(self))

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Time stands still while a thread works."""
        self.n_threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, future: object) -> None:
        self.n_threads -= 1

    def skip(self, seconds: float) -> None:
        self._now += seconds


class _Impatient(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self._loop.n_threads:
            return super().select(timeout)
        found = super().select(0)
        if not found:
            self._loop.skip(timeout)
        return found


def in_virtual_time(work: Callable[[], Any]) -> None:
    """Run an async function on a fresh virtual loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work())
