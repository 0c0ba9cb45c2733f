"""Follows one call of a function and says what its variables held: text for the sandbox.

Standard library only; `watch` is what `minimise` calls. What it reports comes out of the
candidate's own process, so it is good for a hint and never for a verdict.
"""

import contextlib
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 80
"""Characters of one shown value."""
ENOUGH = 5000
"""Lines after which a run is ended: it may never end."""
Moment = tuple[int, dict[str, str]]


class Endless(BaseException):
    """The run was ended; no candidate catches it as an Exception."""


def watch(
    program: str, entry: str, args: Sequence[Any], kwargs: Mapping[str, Any], most: int
) -> list[Moment]:
    """(line of `program`, {name: value as text}) before each line that the function itself runs.

    The first `most` - 1 and the last moment; a call that raises ends where it raised, one that
    runs on is ended.
    """
    module = types.ModuleType("solution")
    sys.modules["solution"] = module
    code = compile(program, "solution.py", "exec", dont_inherit=True)
    exec(code, module.__dict__)
    target: Any = module
    for name in entry.split("."):
        target = getattr(target() if isinstance(target, type) else target, name)
    wanted = getattr(target, "__code__", None)
    moments: list[Moment] = []
    n_lines = 0

    def local(frame: types.FrameType, event: str, _arg: object) -> Any:
        nonlocal n_lines
        if event == "line":
            n_lines += 1
            if n_lines > ENOUGH:
                raise Endless
            del moments[most - 1 :]
            moments.append((frame.f_lineno, _shown(frame.f_locals)))
        return local

    def tracer(frame: types.FrameType, _event: str, _arg: object) -> Any:
        return local if frame.f_code is wanted else None

    sys.settrace(tracer)
    with contextlib.suppress(BaseException):
        target(*args, **kwargs)
    sys.settrace(None)
    return moments


def _shown(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in list(values.items())[:12]}


def _text(value: object) -> str:
    text = "?"
    with contextlib.suppress(Exception):
        text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
