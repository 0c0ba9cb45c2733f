"""Calls of one function of the project, as its tests make them, seen from inside the process that
runs them. Standard library only.

A test can switch the tracing off, so this gives inputs that occur and proves nothing.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

from sandbox import codec

MOST = 200
"""Different calls of one run."""
MOST_BYTES = 4000
"""Of the arguments of a call, and of its result."""
_UNFINISHED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
Told = tuple[object, ...]
"""How its arguments travel (`plain` or `pickled`), those, how they are written, the result's bytes
(None after an exception), and the exception's class.
"""


class Calls:
    """Each different call is told once, when it has returned or raised; arguments as they were
    when it began.
    """

    def __init__(self, filename: str, name: str, tell: Callable[[Told], None]) -> None:
        self._filename, self._name, self._tell = filename, name, tell
        self._known: set[bytes] = set()

    def start(self) -> None:
        """From now on, in this thread."""
        sys.settrace(self._entered)

    def stop(self) -> None:
        sys.settrace(None)

    def _entered(self, frame: types.FrameType, _event: str, _arg: object) -> Any:
        code = frame.f_code
        if code.co_qualname != self._name or code.co_filename != self._filename:
            return None
        if code.co_flags & _UNFINISHED or len(self._known) >= MOST:
            return None
        # What is raised here would be raised in the test.
        with contextlib.suppress(Exception):
            args, kwargs = _arguments(frame)
            kind, data = _packed(args, kwargs)
            if data not in self._known:
                self._known.add(data)
                return self._ending((kind, data, _shown(args, kwargs)))
        return None

    def _ending(self, began: Told) -> Any:
        raised = ""

        def local(_frame: types.FrameType, event: str, arg: Any) -> Any:
            nonlocal raised
            if event == "exception":
                raised = arg[0].__name__
            elif event == "line":
                # It was caught.
                raised = ""
            elif event == "return":
                with contextlib.suppress(Exception):
                    self._tell((*began, None if raised else _encoded(arg), raised))
            return local

        return local


def _arguments(frame: types.FrameType) -> tuple[tuple[object, ...], dict[str, object]]:
    """As a caller would give them, before the function has changed any."""
    given = inspect.getargvalues(frame)
    # Those that can only be given by name stand behind the others.
    n_named = frame.f_code.co_kwonlyargcount
    names = given.args[: len(given.args) - n_named] if n_named else given.args
    rest = given.locals[given.varargs] if given.varargs else ()
    only = {name: given.locals[name] for name in given.args[len(names) :]}
    more = given.locals[given.keywords] if given.keywords else {}
    return (*(given.locals[name] for name in names), *rest), {**only, **more}


def _packed(args: tuple[object, ...], kwargs: dict[str, object]) -> tuple[str, bytes]:
    """Raises an Exception of any kind where they cannot be copied, or are too much."""
    try:
        return "plain", _encoded((args, kwargs))
    except codec.TooLarge:
        raise
    except codec.CodecError:
        # In every worker it would take room.
        import pickle

        data = pickle.dumps((args, kwargs))
        if len(data) > MOST_BYTES:
            raise
        return "pickled", data


def _encoded(value: object) -> bytes:
    return codec.encode(value, max_bytes=MOST_BYTES, opaque=False)


def _shown(args: tuple[object, ...], kwargs: dict[str, object]) -> str:
    return ", ".join((*map(repr, args), *(f"{name}={one!r}" for name, one in kwargs.items())))
