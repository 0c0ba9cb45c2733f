"""A strict client on raw pipes: every byte that the server writes must belong to a frame."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

JSON = dict[str, Any]


class Client:
    """Starts `python -m atlas_lsp` and speaks JSON-RPC; replies by id, the rest in `others`."""

    def __init__(
        self,
        cache: Path,
        *args: str,
        env: dict[str, str] | None = None,
        command: Sequence[str] = (sys.executable, "-m", "atlas_lsp"),
        cwd: Path | None = None,
    ) -> None:
        environ = {**os.environ, "ATLAS_CACHE": str(cache), **(env or {})}
        self.process = subprocess.Popen(
            [*command, *args],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
        )
        self.others: list[JSON] = []
        self.answers: dict[str, Any] = {}
        """What requests of the server get, by method; null where nothing is said."""
        self.replies: dict[Any, JSON] = {}
        self._n = 0
        self._read = b""

    def send(self, message: JSON) -> None:
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def raw(self, body: bytes) -> None:
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def write(self, data: bytes) -> None:
        self._stdin.write(data)
        self._stdin.flush()

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method, "params": params})

    def request(self, method: str, params: Any = None) -> int:
        self._n += 1
        self.send({"id": self._n, "method": method, "params": params})
        return self._n

    def ask(self, method: str, params: Any = None) -> Any:
        return self.reply(self.request(method, params))

    def reply(self, msg_id: Any, within_s: float = 60) -> JSON:
        deadline = time.monotonic() + within_s
        while msg_id not in self.replies:
            assert time.monotonic() < deadline, f"no reply to {msg_id}"
            self.receive(deadline)
        return self.replies[msg_id]

    def wait_for(self, method: str, within_s: float = 60, **params: Any) -> JSON:
        """The first message of that method whose params have these values."""
        deadline = time.monotonic() + within_s
        while True:
            for one in self.others:
                if one["method"] == method and params.items() <= (one["params"] or {}).items():
                    return one
            assert time.monotonic() < deadline, f"no {method}"
            self.receive(deadline)

    def start(self, **params: Any) -> JSON:
        given = {"processId": None, "rootUri": None, "capabilities": {}, **params}
        result: JSON = self.ask("initialize", given)["result"]
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def command(self, name: str, *arguments: Any) -> Any:
        params = {"command": name, "arguments": list(arguments)}
        return self.ask("workspace/executeCommand", params)["result"]

    def stop(self) -> int:
        """Shutdown and exit, as the specification says; the exit code."""
        assert self.ask("shutdown").get("error") is None
        self.notify("exit")
        return self.process.wait(60)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receive(self, deadline: float) -> None:
        """Take in one frame; requests of the server get a null result."""
        head = self._until(b"\r\n\r\n", deadline)
        lines = head.decode("ascii").split("\r\n")
        assert lines[0].startswith("Content-Length: "), f"junk on stdout: {head!r}"
        body = self._take(int(lines[0].removeprefix("Content-Length: ")), deadline)
        message = json.loads(body)
        if "method" not in message:
            assert message["id"] is None or message["id"] not in self.replies, "a second reply"
            self.replies[message["id"]] = message
            return
        self.others.append(message)
        if "id" in message:
            self.send({"id": message["id"], "result": self.answers.get(message["method"])})

    def _until(self, mark: bytes, deadline: float) -> bytes:
        while mark not in self._read:
            self._more(deadline)
        head, _, self._read = self._read.partition(mark)
        return head

    def _take(self, n: int, deadline: float) -> bytes:
        while len(self._read) < n:
            self._more(deadline)
        body, self._read = self._read[:n], self._read[n:]
        return body

    def _more(self, deadline: float) -> None:
        pipe = self.process.stdout
        assert pipe is not None
        ready, _, _ = select.select([pipe], [], [], max(0, deadline - time.monotonic()))
        assert ready, "the server said nothing in time"
        data = os.read(pipe.fileno(), 1 << 16)
        assert data, "the server closed its output"
        self._read += data

    @property
    def _stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin


def children_of(pid: int) -> set[int]:
    """All processes below one, from /proc."""
    parents: dict[int, int] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                stat = (path / "stat").read_text()
            except OSError:
                continue
            parents[int(path.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = set()
    grown = {pid}
    while grown:
        grown = {child for child, parent in parents.items() if parent in grown}
        found |= grown
    return found
