"""Many versions of one function against tests that were collected once: a fork for each version.
Standard library only.

Whatever a version does to its process none other sees; all of them share what importing the tests
has made, so this is a first look and never a verdict.
"""

from __future__ import annotations
import __future__

import ast
import gc
import os
import select
import signal
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
_PER_CPU_S = 20.0
"""Seconds by the clock for each second of CPU: a test may sleep, and the machine be busy."""


class CannotExchange(Exception):
    """More differs than the function's body, or nobody has the function in hand."""


class Exchange:
    """One function of a module, wherever references to it are held."""

    def __init__(self, filename: str, code: str, name: str) -> None:
        self._path = name.split(".")
        self._node = _found(ast.parse(code).body, self._path)
        self._head = _head(self._node)
        first = min([self._node.lineno, *(d.lineno for d in self._node.decorator_list)])
        lines = frozenset((first, self._node.lineno))
        self._holders = [
            one
            for one in gc.get_objects()
            if type(one) is types.FunctionType
            and one.__code__.co_filename == filename
            and one.__code__.co_name == self._path[-1]
            and one.__code__.co_firstlineno in lines
        ]
        if not self._holders:
            raise CannotExchange

    def put(self, text: str) -> None:
        """Raises CannotExchange, SyntaxError or ValueError."""
        old = self._holders[0].__code__
        nested = textwrap.indent(text, " " * (len(self._path) - 1))
        for depth, owner in reversed(list(enumerate(self._path[:-1]))):
            nested = f"{' ' * depth}class {owner}:\n{nested}"
        tree = ast.parse(nested)
        if _head(_found(tree.body, self._path)) != self._head:
            raise CannotExchange
        made = compile(tree, old.co_filename, "exec", old.co_flags & _FUTURE, dont_inherit=True)
        for name in self._path:
            made = _inner(made, name)
        if made.co_freevars != old.co_freevars:
            raise CannotExchange
        new = made.replace(co_firstlineno=old.co_firstlineno)
        for one in self._holders:
            one.__code__ = new


def _found(body: list[ast.stmt], path: list[str]) -> Any:
    """The last definition of that name, as it is once the module has run."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef) if len(path) == 1 else (ast.ClassDef,)
    named = [stmt for stmt in body if isinstance(stmt, kinds) and stmt.name == path[0]]
    if not named:
        raise CannotExchange
    return named[-1] if len(path) == 1 else _found(named[-1].body, path[1:])


def _head(node: Any) -> str:
    """What is evaluated when the function is made, and not when it is called."""
    kind = type(node).__name__
    parts = [node.args, *node.decorator_list, *([node.returns] if node.returns else [])]
    return " ".join((kind, *(ast.dump(part) for part in parts)))


def _inner(code: types.CodeType, name: str) -> types.CodeType:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name]
    if not inner:
        raise CannotExchange
    return inner[-1]


Ended = tuple[str, list[str], float]
"""How the run ended (`returned`, `timeout_cpu`, `crash`, `not_run`), each test's end, and CPU
seconds."""


def each(
    exchange: Exchange | None, versions: list[str], run: Callable[[], Iterator[str]], cpu_s: float
) -> Iterator[Ended]:
    """What `run` gives on each version; "not_run" where it cannot be exchanged by itself."""
    for text in versions:
        if exchange is None:
            yield "not_run", [], 0.0
        else:
            yield _in_a_fork(exchange, text, run, cpu_s)


def _in_a_fork(
    exchange: Exchange, text: str, run: Callable[[], Iterator[str]], cpu_s: float
) -> Ended:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _child(exchange, text, run, write, cpu_s)
    os.close(write)
    data = _all_of(read, _PER_CPU_S * cpu_s)
    os.close(read)
    # It may have closed the pipe and run on.
    os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    took_s = used.ru_utime + used.ru_stime
    words = data.decode("ascii", "replace").split()
    if words[-1:] == ["end"]:
        return "returned", words[:-1], took_s
    if words[-1:] == ["not"]:
        return "not_run", [], took_s
    return "timeout_cpu" if os.WIFSIGNALED(status) else "crash", words, took_s


def _child(
    exchange: Exchange, text: str, run: Callable[[], Iterator[str]], write: int, cpu_s: float
) -> None:
    last = b"not"
    try:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        exchange.put(text)
        last = b""
        for end in run():
            os.write(write, f"{end} ".encode())
        last = b"end"
    finally:
        os.write(write, last)
        os._exit(0)


def _all_of(fd: int, wall_s: float) -> bytes:
    """What comes until the other side closes, or nothing more does for so long."""
    found = b""
    while select.select([fd], [], [], wall_s)[0]:
        data = os.read(fd, 1 << 16)
        if not data:
            break
        found += data
    return found
