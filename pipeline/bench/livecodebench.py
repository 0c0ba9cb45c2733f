"""LiveCodeBench's rule (28fef95, `lcb_runner/evaluation/testing_util.py`), judged on our side.

*official* runs a program as upstream does: wrapped in a function, with a stand-in for stdin whose
`buffer.readline` gives the first line again and again. *strict* runs it as a program of its own
with a real stdin. The comparison is upstream's for both: line by line, as text or as decimals.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pipeline.bench.grading import Grade, behaviour_of, observe_calls, run
from pipeline.syntax.text import parse
from sandbox.api import Call, Job, Limits, Observation, Opaque, Outcome, Policy, Program, Sandbox
from sandbox.verdicts import equal

LIMITS = Limits(cpu_s=6.0, memory_mb=4096, output_bytes=1 << 26, result_bytes=1 << 26)
"""Six seconds a test; upstream sets no limit of memory."""
_MODULES = ("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random",
            "statistics", "itertools", "functools", "operator", "io", "sys", "json")  # fmt: skip
PRELUDE = "".join(
    [
        *(f"from {name} import *\n" for name in (*_MODULES, "builtins", "typing")),
        *(f"import {name}\n" for name in _MODULES),
        "sys.setrecursionlimit(50000)\n",
    ]
)
"""What every program finds imported."""


# --- functions -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CallGrader:
    """JSON values in, one JSON value out, equal without any tolerance."""

    name: str
    cases: tuple[tuple[tuple[object, ...], object], ...]

    @property
    def n_tests(self) -> int:
        return len(self.cases)

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        return tuple([await self._grade(box, one, task_id) for one in programs])

    async def _grade(self, box: Sandbox, program: str, task_id: str) -> Grade:
        """As upstream, all calls on one instance of `Solution` where the text has that class."""
        is_class = "class Solution" in program
        target = f"\n\n_atlas_target = {'Solution()' if is_class else '_atlas_module()'}\n"
        code = f"{PRELUDE}\n{_without_future(program)}\n{_MODULE}{target}"
        forms = [Call(entry=f"_atlas_target.{self.name}", args=args) for args, _ in self.cases]
        seen = await observe_calls(box, code, forms, LIMITS, task_id)
        wanted = [output for _, output in self.cases]
        official = [_is_same(s, w) for s, w in zip(seen, wanted, strict=True)]
        strict = [_is_right(s, w) for s, w in zip(seen, wanted, strict=True)]
        return _grade_of(official, strict, seen)


_MODULE = """
def _atlas_module():
    import sys
    return sys.modules[__name__]

"""


def _is_same(seen: Observation, wanted: object) -> bool:
    if seen.outcome is not Outcome.RETURNED or isinstance(seen.value, Opaque):
        return False
    value = list(seen.value) if isinstance(seen.value, tuple) else seen.value
    return equal(value, wanted, Policy.PYTHON)


def _is_right(seen: Observation, wanted: object) -> bool:
    """Tuples are lists at every depth, and a bool is no number."""
    if seen.outcome is not Outcome.RETURNED or isinstance(seen.value, Opaque):
        return False
    value = _listed(seen.value)
    return equal(value, wanted, Policy.PYTHON) and _bools(value) == _bools(wanted)


def _listed(value: object) -> object:
    return [_listed(one) for one in value] if isinstance(value, list | tuple) else value


def _bools(value: object) -> object:
    return [_bools(one) for one in value] if isinstance(value, list) else isinstance(value, bool)


def _grade_of(
    official: Sequence[bool], strict: Sequence[bool], seen: Sequence[Observation]
) -> Grade:
    first = next((n for n, is_right in enumerate(official) if not is_right), None)
    return Grade(
        passed=all(official),
        n_passed=sum(official),
        n_tests=len(official),
        first_failure=None if first is None else _kind(seen[first]),
        behaviour=behaviour_of(seen),
        marks={"strict": all(strict)},
    )


def _kind(seen: Observation) -> str:
    return "wrong_answer" if seen.outcome is Outcome.RETURNED else seen.outcome.value


# --- programs that read and print ----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StdioGrader:
    cases: tuple[tuple[str, str], ...]
    """(stdin, stdout)."""

    @property
    def n_tests(self) -> int:
        return len(self.cases)

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        return tuple([await self._grade(box, one, task_id) for one in programs])

    async def _grade(self, box: Sandbox, program: str, task_id: str) -> Grade:
        forms = [Call(entry=RUN, args=(stdin,)) for stdin, _ in self.cases]
        seen = await observe_calls(box, official_program(program), forms, LIMITS, task_id)
        official = [_printed_as_value(s, w) for s, (_, w) in zip(seen, self.cases, strict=True)]
        strict = await self._strictly(box, program, task_id)
        return _grade_of(official, strict, seen)

    async def _strictly(self, box: Sandbox, program: str, task_id: str) -> list[bool]:
        """One test first: where it fails, the others need not run."""
        code = f"{PRELUDE}\n{_without_future(program)}"
        jobs = [
            Job(code=code, form=Program(stdin=i.encode()), limits=LIMITS) for i, _ in self.cases
        ]
        right: list[bool] = []
        for part in (jobs[:1], jobs[1:]):
            if not all(right):
                return [*right, *[False] * len(part)]
            seen = await run(box, part, task_id) if part else ()
            right += [
                one.outcome is Outcome.RETURNED
                and same_lines(one.stdout.decode("utf-8", "surrogateescape"), wanted)
                for one, (_, wanted) in zip(seen, self.cases[len(right) :], strict=False)
            ]
        return right


def _printed_as_value(seen: Observation, wanted: str) -> bool:
    is_text = seen.outcome is Outcome.RETURNED and isinstance(seen.value, str)
    return is_text and same_lines(str(seen.value), wanted)


def same_lines(got: str, wanted: str) -> bool:
    """As many lines, each equal as text without blanks around it, or number by number."""
    ours, theirs = _lines(got), _lines(wanted)
    return len(ours) == len(theirs) and all(
        a == b or _same_numbers(a, b) for a, b in zip(ours, theirs, strict=True)
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().split("\n")]


def _same_numbers(a: str, b: str) -> bool:
    try:
        return [Decimal(one) for one in a.split()] == [Decimal(one) for one in b.split()]
    except InvalidOperation:
        return False


def official_program(program: str) -> str:
    """The text that upstream runs: imports out, the rest a function, `__main__` unwrapped."""
    return f"{_wrapped(program)}\n{_HARNESS}"


def _wrapped(program: str) -> str:
    tree = parse(program)
    if tree is None:
        return program
    body = list(tree.body)
    match body[-1] if body else None:
        case ast.If(test=test, body=inner) if ast.unparse(test) == "__name__ == '__main__'":
            body = [*body[:-1], *inner]
    imports = [one for one in body if isinstance(one, ast.Import | ast.ImportFrom)]
    others = [one for one in body if one not in imports] or [ast.Pass()]
    lines = [ast.unparse(one) for one in imports if getattr(one, "module", "") != "__future__"]
    return "\n".join([PRELUDE, *lines, _as_function(others)])


def _as_function(body: list[ast.stmt]) -> str:
    frame = parse("def wrapped_function():\n    pass")
    assert frame is not None
    assert isinstance(frame.body[0], ast.FunctionDef)
    frame.body[0].body = body
    return ast.unparse(frame)


def _without_future(program: str) -> str:
    """A `from __future__` import has to come first, and here the prelude does."""
    lines = program.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("from __future__ import"))


RUN = "_atlas_official"
_HARNESS = '''

class _AtlasBuffer:
    """What stands for `sys.stdin.buffer`: `readline` never gets past the first line."""

    def __init__(self, text):
        self._data = text.encode("utf-8", "surrogateescape")

    def read(self, *_):
        return self._data

    def readline(self, *_):
        return self._data.split(b"\\n")[0] + b"\\n"


class _AtlasStdin:
    def __init__(self, text):
        import io as _io

        self._text, self._lines, self.buffer = text, _io.StringIO(text), _AtlasBuffer(text)

    def read(self, *_):
        return self._text

    def readline(self, *args):
        return self._lines.readline(*args)

    def readlines(self, *_):
        return self._text.split("\\n")

    def __getattr__(self, name):
        return getattr(self._lines, name)

    def __iter__(self):
        return iter(self._lines)


def _atlas_official(text):
    import builtins as _builtins
    import io as _io
    import sys as _sys
    from unittest.mock import mock_open, patch

    screen, kept = _io.StringIO(), _sys.stdout
    screen.close = lambda *_: None
    _sys.stdout = screen
    try:
        stdin = patch("sys.stdin", _AtlasStdin(text))
        with patch("builtins.open", mock_open(read_data=text)), stdin:
            wrapped_function()
    except SystemExit:
        pass
    finally:
        _sys.stdout = kept
    return screen.getvalue()
'''
