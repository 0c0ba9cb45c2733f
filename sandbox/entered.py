"""Which functions of the project a test enters, seen from inside the process that runs it.
Standard library only.

A test can switch the tracing off, so this guides a search and proves nothing.
"""

from __future__ import annotations

import sys
import traceback
import types
from typing import Any

Entry = tuple[str, int, str]
"""Path below the project, first line (of the first decorator where there is one), bare name."""


class Entries:
    """Functions in files below `top` that were entered since they were last taken."""

    def __init__(self, top: str) -> None:
        self._top = top.rstrip("/") + "/"
        self._seen: dict[int, types.CodeType] = {}
        self._monitor: Any = getattr(sys, "monitoring", None)

    def start(self) -> None:
        """From now on, in all threads; what is switched off again is not missed."""
        if self._monitor is None:
            # In every worker its hook would run in each fork.
            import threading

            threading.settrace(self._called)
            sys.settrace(self._called)
            return
        self._monitor.use_tool_id(self._monitor.PROFILER_ID, "atlas")
        event = self._monitor.events.PY_START
        self._monitor.register_callback(self._monitor.PROFILER_ID, event, self._started)
        self._monitor.set_events(self._monitor.PROFILER_ID, event)

    def taken(self) -> list[Entry]:
        """In order, each once; begins anew."""
        seen, self._seen = self._seen, {}
        if self._monitor is not None:
            # Each function is told once, then no more until here.
            self._monitor.restart_events()
        elif sys.gettrace() is None:
            sys.settrace(self._called)
        found = {self._entry(code) for code in seen.values()}
        return sorted(one for one in found if one is not None)

    def on_stack(self, error: BaseException | None) -> list[Entry]:
        """The functions that an exception passed through, its causes included; each once."""
        found: dict[Entry, None] = {}
        known: set[int] = set()
        while error is not None and id(error) not in known:
            known.add(id(error))
            for frame, _ in traceback.walk_tb(error.__traceback__):
                if one := self._entry(frame.f_code):
                    found[one] = None
            error = error.__cause__ or error.__context__
        return list(found)

    def _called(self, frame: types.FrameType, _event: str, _arg: object) -> None:
        code = frame.f_code
        self._seen[id(code)] = code

    def _started(self, code: types.CodeType, _offset: int) -> object:
        self._seen[id(code)] = code
        return self._monitor.DISABLE

    def _entry(self, code: types.CodeType) -> Entry | None:
        """None for what is no function, and for what lies elsewhere."""
        if code.co_name.startswith("<") or not code.co_filename.startswith(self._top):
            return None
        return code.co_filename.removeprefix(self._top), code.co_firstlineno, code.co_name
