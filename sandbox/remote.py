"""TestCode: the test's process calls the candidate's process over a socket. Standard library only.

Only plain data travels, so that no object of the candidate with an `__eq__` of its own meets the
test.
"""

from __future__ import annotations

import builtins
import os
import random
import struct
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox import child, codec
from sandbox.child import (
    Report,
    begin,
    exception_report,
    resolve,
    settled,
    writer,
)
from sandbox.identity import load
from sandbox.wire import FRAME, read_exact

RPC_FD = 4


def serve_calls(body: bytes) -> None:
    """The candidate's process: load, say so, then answer calls on RPC_FD until it is closed."""
    job: Any = codec.decode(body)
    begin(job)
    try:
        module = load(child.identity, job["code"])
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        return _send({**exception_report(exc, loading=True), "load": True})
    _send({"outcome": "returned"})
    while (request := _receive()) is not None:
        _send(_answer(module, job["form"]["entry"], request))
    return None


def _answer(module: types.ModuleType, entry: str, request: Any) -> Report:
    args, kwargs = request
    try:
        value = settled(resolve(module, entry)(*args, **kwargs))
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        return {**exception_report(exc), "args": args}
    return {"outcome": "returned", "value": value, "args": args}


def _send(message: object) -> None:
    try:
        data = codec.encode(message)
    except codec.CodecError as exc:
        data = codec.encode({"outcome": "bad_result", "detail": str(exc)})
    data = FRAME.pack(len(data)) + data
    while data:
        data = data[os.write(RPC_FD, data) :]


def _receive() -> Any:
    """The next message; None at the end of the connection."""
    head = read_exact(FRAME.size, RPC_FD)
    if len(head) < FRAME.size:
        return None
    data = read_exact(FRAME.unpack(head)[0], RPC_FD)
    return codec.decode(data, opaque=Foreign)


class Foreign:
    """A value that stayed in the candidate's process; equal to nothing but itself."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"<{self.type_name} in the candidate's process>"


class CandidateDied(Exception):
    """The candidate's process ended in the middle of a call."""


class CannotTravel(Exception):
    """The test passed something of its own to the candidate that is not plain data."""


class CandidatesOwn(Exception):
    """The test passed back an object that the candidate gave, and that cannot travel."""


def run_test(body: bytes, result_bytes: int) -> None:
    """The test's process: run the test code against the remote candidate and report how it
    ended.
    """
    job: Any = codec.decode(body)
    random.seed(job["hash_seed"])
    write = writer(result_bytes)
    hello = _receive()
    if not isinstance(hello, dict) or hello.get("outcome") != "returned":
        return write(_load_failure(hello))
    return write(_test_report(job["form"]))


def _load_failure(hello: object) -> Report:
    """What the candidate's process says of itself; whose fault it was is not its to say."""
    if not isinstance(hello, dict):
        return {"outcome": "crash", "detail": "the candidate's process ended before it was loaded"}
    return {name: hello[name] for name in ("outcome", "exception", "load") if name in hello}


def _test_report(form: Any) -> Report:
    candidate = remote(form["entry"])
    namespace: dict[str, Any] = {"__name__": "test", "candidate": candidate}
    _bind(namespace, form["entry"], candidate)
    try:
        exec(compile(form["source"], "<test>", "exec", dont_inherit=True), namespace)
        if form["check"]:
            namespace[form["check"]](candidate)
    except CandidateDied:
        return {"outcome": "crash", "detail": "the candidate's process ended during a call"}
    except CannotTravel as exc:
        return {"outcome": "bad_result", "detail": str(exc), "test_fault": True}
    except CandidatesOwn as exc:
        return {"outcome": "bad_result", "detail": str(exc)}
    except BaseException as exc:  # noqa: BLE001 - test code may raise anything
        return exception_report(exc)
    return {"outcome": "returned"}


def _bind(namespace: dict[str, Any], entry: str, candidate: Callable[..., object]) -> None:
    """Make `f` or `Solution().method` reachable under its own name."""
    first, *rest = entry.split(".")
    if not rest:
        namespace[first] = candidate
        return
    holder = type(first, (), {rest[-1]: staticmethod(candidate)})
    namespace[first] = holder


def remote(entry: str) -> Callable[..., object]:
    """A function that runs `entry` in the candidate's process."""

    def candidate(*args: object, **kwargs: object) -> object:
        reply = _call((args, kwargs))
        _copy_back(args, reply.get("args", ()))
        if reply["outcome"] == "returned":
            return reply.get("value")
        raise _local_exception(reply)

    candidate.__name__ = candidate.__qualname__ = entry.rpartition(".")[2]
    return candidate


def _call(request: tuple[tuple[object, ...], Mapping[str, object]]) -> Report:
    try:
        data = codec.encode((request[0], dict(request[1])), opaque=False)
    except codec.CodecError as exc:
        if any(isinstance(part, Foreign) for part in _parts_of(request)):
            raise CandidatesOwn(f"what the candidate gave cannot go back to it: {exc}") from exc
        raise CannotTravel(f"an argument of the test cannot travel: {exc}") from exc
    try:
        os.write(RPC_FD, FRAME.pack(len(data)))
        while data:
            data = data[os.write(RPC_FD, data) :]
        reply = _receive()
    except (OSError, codec.CodecError, struct.error) as exc:
        raise CandidateDied from exc
    if not isinstance(reply, dict) or not isinstance(reply.get("outcome"), str):
        raise CandidateDied
    return reply


def _parts_of(value: object) -> Iterator[object]:
    """The value and all that plain containers in it hold; each container once."""
    front, seen = [value], set[int]()
    while front:
        part = front.pop()
        yield part
        if isinstance(part, list | tuple | set | frozenset | dict) and id(part) not in seen:
            seen.add(id(part))
            front += (*part, *part.values()) if isinstance(part, dict) else part


def _copy_back(before: tuple[object, ...], after: object) -> None:
    """Show the test what the candidate did to lists, sets and dicts that it was given."""
    if not isinstance(after, tuple) or len(after) != len(before):
        return
    for old, new in zip(before, after, strict=True):
        if type(old) is list and type(new) is list:
            old[:] = new
        elif (type(old) is set and type(new) is set) or (type(old) is dict and type(new) is dict):
            old.clear()
            old.update(new)


def _local_exception(reply: Report) -> BaseException:
    """The candidate's exception as one of the same name: the built-in one, or a new class."""
    described = reply.get("exception")
    name, message, _lineno = described if isinstance(described, tuple) else ("Error", "", None)
    kind = getattr(builtins, str(name), None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = type(str(name), (Exception,), {})
    try:
        exc: BaseException = kind(message)
    except TypeError:
        exc = RuntimeError(f"{name}: {message}")
    return exc
