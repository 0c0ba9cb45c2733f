"""An OpenAI-compatible server in a thread: it says what a function tells it to.

Real processes can ask it, so that runs, shards and cluster workers can be killed and go on.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Says = Callable[[str], str]
BODIES = ("return n + n", "return n * n", "return 2 * n if n < 50 else 0", "return abs(2 * n)")


def doubles(prompt: str) -> str:
    """Depends on nothing but the request, so that a resumed run is told the same."""
    body = BODIES[hashlib.sha256(prompt.encode()).digest()[0] % len(BODIES)]
    return f"```python\ndef double(n):\n    {body}\n```"


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """A client that was killed is what these tests are about."""

    def __init__(self, says: Says) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.says = says
        self.n_asked = 0
        self.asked = threading.Condition()
        self.fails_from: int | None = None
        """The number of the chat request from which on every answer is an error."""
        self.holds_from: int | None = None
        """The number of the chat request from which on nothing is answered."""
        self.go_on = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def wait_for(self, n: int) -> None:
        """Until so many chats were asked for."""
        with self.asked:
            assert self.asked.wait_for(lambda: self.n_asked >= n, timeout=120)


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def log_message(self, *_args: object) -> None:
        """Nothing is said."""

    def do_GET(self) -> None:
        self._json({"data": [{"id": "doubler"}]})

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not payload.get("stream"):
            self._json(_probed(payload))
            return
        with self.server.asked:
            self.server.n_asked += 1
            number = self.server.n_asked
            self.server.asked.notify_all()
        if self.server.holds_from is not None and number >= self.server.holds_from:
            self.server.go_on.wait(120)
        if self.server.fails_from is not None and number >= self.server.fails_from:
            self._json({"error": {"message": "the card is on fire"}}, status=500)
            return
        prompt = f"{payload.get('seed')} {payload['messages'][-1]['content']}"
        self._stream(self.server.says(prompt))

    def _json(self, value: Any, status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for content, finish in ((text, None), ("", "stop")):
            choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
            self.wfile.write(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")


def _probed(payload: Any) -> Any:
    message = {"role": "assistant", "content": '{"ok": "yes"}'}
    choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "stop"}
    if payload.get("logprobs"):
        choice["logprobs"] = {"content": [{"token": "x", "logprob": -0.5}]}
    return {"choices": [choice]}


@contextmanager
def model_server(says: Says = doubles) -> Iterator[ModelServer]:
    with ModelServer(says) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.go_on.set()
            server.shutdown()
            thread.join()
