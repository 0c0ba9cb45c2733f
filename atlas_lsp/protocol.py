"""pygls' protocol with the faults of 2.1.1 mended that would lose a reply, a job or memory.

It overrides private names, so pygls is pinned below 2.2 and each mend has a test.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

log = logging.getLogger(__name__)
T = TypeVar("T")
MsgId = int | str
SERVER_NOT_INITIALIZED = -32002


class AtlasProtocol(LanguageServerProtocol):
    """Every request gets exactly one reply, whatever is in it; nothing is kept after it."""

    on_cancel: Callable[[MsgId], bool] = staticmethod(lambda msg_id: False)
    """Asked first when a request is cancelled; True when it was the request of a job."""
    on_exit: Callable[[int], None] | None = None

    @property
    def is_shut_down(self) -> bool:
        return self._shutdown

    def receive(self, raw: object) -> None:
        """One decoded JSON message from the client, well formed or not."""
        if not isinstance(raw, dict) or raw.get("jsonrpc") != "2.0":
            self._refuse(None, JsonRpcInvalidRequest("not a JSON-RPC 2.0 message"))
            return
        method, msg_id = raw.get("method"), raw.get("id")
        is_request = "method" in raw and "id" in raw
        if is_request and not isinstance(msg_id, int | str):
            self._refuse(None, JsonRpcInvalidRequest("the id is no number and no string"))
        elif "method" in raw and not isinstance(method, str):
            if is_request:
                self._refuse(msg_id, JsonRpcInvalidRequest("the method is no string"))
        elif is_request and (refusal := self._refusal(str(method))):
            self._refuse(msg_id, refusal)
        elif "method" in raw and not is_request and not self._may_notify(str(method)):
            log.info("notification %r is ignored", method)
        else:
            self._receive_known(raw, msg_id if is_request else None)

    def _receive_known(self, raw: dict[str, Any], request_id: MsgId | None) -> None:
        try:
            message = self.structure_message(raw)
        except JsonRpcException as exc:
            if request_id is not None:
                self._result_types.pop(request_id, None)
                self._refuse(request_id, exc)
            elif "method" not in raw and raw.get("id") in self._request_futures:
                # A reply that cannot be read is a failed reply: whoever waits must not wait on.
                self._handle_response(raw["id"], error=JsonRpcInternalError().to_response_error())
            return
        if request_id is not None:
            self._result_types[request_id] = self.get_result_type(raw["method"])
        self.handle_message(message)

    def _refusal(self, method: str) -> JsonRpcException | None:
        if self._shutdown:
            return JsonRpcInvalidRequest("the server has been shut down; only exit is possible")
        if self._workspace is None and method != types.INITIALIZE:
            return JsonRpcException("send initialize first", code=SERVER_NOT_INITIALIZED)
        if self._workspace is not None and method == types.INITIALIZE:
            return JsonRpcInvalidRequest("already initialized")
        if method not in self.fm.builtin_features and method not in self.fm.features:
            return JsonRpcMethodNotFound(f"there is no method {method!r}")
        return None

    def _may_notify(self, method: str) -> bool:
        if method in (types.EXIT, types.CANCEL_REQUEST):
            return True
        known = method in self.fm.builtin_features or method in self.fm.features
        return known and self._workspace is not None

    def _refuse(self, msg_id: MsgId | None, error: JsonRpcException) -> None:
        log.warning("request %r refused: %s", msg_id, error)
        # By hand: lsprotocol leaves out an id that is null.
        body = {"code": error.code, "message": error.message}
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": body})

    # --- overridden ---------------------------------------------------------------------------

    def _execute_handler(
        self,
        msg_id: MsgId,
        handler: Any,
        callback: Any,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Forget the future when it is done: pygls keeps one per notification for ever."""
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _send_response(
        self, msg_id: MsgId, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        super()._send_response(msg_id, result, error)
        self._result_types.pop(msg_id, None)

    def _handle_response(
        self, msg_id: MsgId, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        """Drop a reply that nobody waits for any more: pygls raises, and shows that as a popup."""
        future = self._request_futures.get(msg_id)
        self._result_types.pop(msg_id, None)
        if future is not None and future.done():
            self._request_futures.pop(msg_id, None)
            return
        super()._handle_response(msg_id, result, error)

    def _handle_cancel_notification(self, msg_id: MsgId) -> None:
        """Cancel the job that the request started; pygls lets a command run on."""
        if not self.on_cancel(msg_id):
            super()._handle_cancel_notification(msg_id)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: object) -> Generator[Any, Any, None]:
        """As pygls does it, but over a copy: replying takes entries out of the table."""
        if (handler := self.fm.features.get(types.SHUTDOWN)) is not None:
            yield handler, args, None
        current = self.msg_id
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != current and not future.done():
                future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: object) -> Generator[Any, Any, None]:
        """Hand the exit code to whoever serves; 0 only after a shutdown."""
        code = 0 if self._shutdown else 1
        if self.on_exit is None:
            raise SystemExit(code)
        self.on_exit(code)
        yield from ()

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: MsgId | None = None,
    ) -> Future[Any]:
        """Forget the request when its future is done, also when it was given up."""
        key = msg_id if msg_id is not None else str(uuid.uuid4())
        future = super().send_request(method, params, callback, key)
        future.add_done_callback(lambda _: self._request_futures.pop(key, None))
        return future


class NoAnswer(Exception):
    """The client answered with an error, or not in time."""


async def answer_to(asked: Awaitable[T], patience_s: float) -> T:
    """The client's answer. Raises NoAnswer for an error and for silence longer than `patience_s`.

    The request is given up then; a late reply is dropped by `AtlasProtocol`.
    """
    try:
        return await asyncio.wait_for(asked, patience_s)
    except TimeoutError as exc:
        raise NoAnswer(f"no answer within {patience_s:g} s") from exc
    except JsonRpcException as exc:
        raise NoAnswer(exc.message or "the editor answered with an error") from exc
