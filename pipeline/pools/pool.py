"""Pools of recorded candidates: JSON lines in, tasks with programs out; labels are never read."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BufferedReader
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from pipeline.bench.records import DAMAGED_GZIP
from pipeline.bench.suites import LIMITS
from pipeline.core.calls import VisibleTest
from pipeline.core.task import Task
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import Literal, SourceError, document_from_bytes, literal_of, parse
from sandbox.api import Call, Policy, Prints, Program, Returns, Test
from sandbox.asserts import split_assert

KINDS = ("function", "method", "stdio")
MAX_LINE_BYTES = 64 << 20
PRELUDE = (
    "import bisect, collections, functools, heapq, itertools, math, operator, re, string\n"
    "from bisect import *\nfrom collections import *\nfrom functools import *\n"
    "from heapq import *\nfrom itertools import *\nfrom math import *\nfrom typing import *\n"
)
"""What the judges of method tasks import before the answer (LiveCodeBench's runner)."""


class PoolError(Exception):
    """The pool cannot be read; the text names the line and the mend."""


@dataclass(frozen=True, kw_only=True)
class PoolTask:
    """One task of a pool with its candidates; there is no field for labels, on purpose."""

    task: Task
    programs: tuple[str, ...]
    """One runnable program for each candidate, in the pool's order."""
    generated: tuple[tuple[Test, ...], ...] = ()
    """Tests that may be wrong, by the sample (one model call) that they came from."""
    unread: tuple[str, ...] = ()
    """Tests of the pool that decide nothing because they cannot be read: one line each."""


def read_pool(path: Path, *, max_line_bytes: int = MAX_LINE_BYTES) -> Iterator[PoolTask]:
    """The tasks in order, one line at a time. Raises PoolError for the first bad line, OSError."""
    known: dict[str, int] = {}
    n = 0
    for n, row in _rows(path, max_line_bytes):
        task_id = _text(row, "task_id", n)
        if task_id in known:
            raise PoolError(
                f"line {n}: task_id {task_id!r} is that of line {known[task_id]} too; "
                "give each task one line"
            )
        known[task_id] = n
        yield _pool_task(row, task_id, n)
    if n == 0:
        raise PoolError(f"{path.name} holds no task; give one JSON object a line")


def _rows(path: Path, most: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    n = 0
    with _opened(path) as lines:
        try:
            while raw := lines.readline(most + 1):
                n += 1
                if len(raw) > most:
                    raise PoolError(f"line {n}: longer than {most >> 20} MiB; split it")
                if raw.strip():
                    yield n, _row(raw, n)
        except DAMAGED_GZIP as exc:
            raise PoolError(f"after line {n}: not a whole gzip file ({exc}); copy it anew") from exc


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")


def _row(raw: bytes, n: int) -> Mapping[str, Any]:
    try:
        row = json.loads(raw)
    except JSONDecodeError as exc:
        raise PoolError(f"line {n}, column {exc.colno}: no JSON ({exc.msg})") from exc
    except (UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise PoolError(f"line {n}: no JSON in UTF-8 ({type(exc).__name__})") from exc
    if not isinstance(row, dict):
        raise PoolError(f"line {n}: a {type(row).__name__}, not an object with a task")
    return row


def _text(row: Mapping[str, Any], name: str, n: int, default: str | None = None) -> str:
    value = row.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value):
        what = "no" if value in (None, "") else "not a text in"
        raise PoolError(f"line {n}: {what} {name!r}; each task needs it as a text")
    return value


def _pool_task(row: Mapping[str, Any], task_id: str, n: int) -> PoolTask:
    kind = _text(row, "kind", n)
    if kind not in KINDS:
        raise PoolError(f"line {n}: unknown kind {kind!r}; there are {', '.join(KINDS)}")
    codes = _codes(row, n)
    samples = _samples(row, n)
    if kind == "stdio":
        visible = tuple(_program(i, *pair) for i, pair in enumerate(samples))
        statement = _text(row, "prompt", n, "")
        task = Task(
            task_id=task_id, kind="stdio", statement=statement, entry_point="", visible=visible
        )
        return PoolTask(task=task, programs=codes)
    return _callable_task(row, task_id, kind, n, codes, samples)


def _callable_task(
    row: Mapping[str, Any],
    task_id: str,
    kind: str,
    n: int,
    codes: tuple[str, ...],
    samples: Sequence[tuple[Any, Any]],
) -> PoolTask:
    source = _text(row, "prompt", n, "")
    starter = _text(row, "starter_code", n, "")
    entry = _text(row, "entry_point", n, "") or _entry_of(starter)
    if not entry:
        raise PoolError(f"line {n}: neither 'entry_point' nor a 'starter_code' that defines one")
    calls = [_call(entry, i, *pair) for i, pair in enumerate(samples)]
    if not all(part.isidentifier() for part in entry.split(".")):
        raise PoolError(f"line {n}: 'entry_point' {entry!r} is no name; give `f` or `Class.method`")
    visible = _from_source(source, entry) + tuple(c for c in calls if isinstance(c, VisibleTest))
    task = Task(
        task_id=task_id,
        kind="method" if kind == "method" else "function",
        statement=source or starter,
        entry_point=entry,
        visible=visible,
    )
    programs = tuple(PRELUDE + code for code in codes) if kind == "method" else codes
    generated, n_unread = _generated(row, entry, n)
    unread = [c for c in calls if isinstance(c, str)]
    unread += [f"{n_unread} generated tests are no asserts about {entry}"] if n_unread else []
    return PoolTask(task=task, programs=programs, generated=generated, unread=tuple(unread))


def _codes(row: Mapping[str, Any], n: int) -> tuple[str, ...]:
    candidates = row.get("candidates")
    if not isinstance(candidates, list) or not candidates:
        raise PoolError(f"line {n}: no candidates; give at least one {{'code': ...}}")
    for index, one in enumerate(candidates):
        if not isinstance(one, dict) or not isinstance(one.get("code"), str):
            raise PoolError(f"line {n}: candidate {index} has no 'code' text")
    return tuple(one["code"] for one in candidates)


def _samples(row: Mapping[str, Any], n: int) -> list[tuple[Any, Any]]:
    rows = row.get("visible_tests") or []
    if not isinstance(rows, list):
        raise PoolError(f"line {n}: 'visible_tests' is no list")
    for index, one in enumerate(rows):
        if not isinstance(one, dict) or not {"input", "output"} <= one.keys():
            raise PoolError(f"line {n}: visible test {index} lacks 'input' or 'output'")
    return [(one["input"], one["output"]) for one in rows]


def _entry_of(starter: str) -> str:
    """`Solution.name` from a class with one method, `name` from a function."""
    tree = parse(starter.rstrip() + "\n        pass\n")
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef):
            names = [s.name for s in node.body if isinstance(s, ast.FunctionDef)]
            public = [name for name in names if not name.startswith("_")]
            return f"{node.name}.{public[0]}" if public else ""
        if isinstance(node, ast.FunctionDef):
            return node.name
    return ""


def _from_source(source: str, entry: str) -> tuple[VisibleTest, ...]:
    """The examples in the prompt; a prompt that is no Python has none."""
    if not source:
        return ()
    try:
        document = document_from_bytes(source.encode("utf-8", "surrogatepass"))
        return task_from_file(document, find_function(document, entry)).visible
    except SourceError:
        return ()


def _program(index: int, stdin: object, stdout: object) -> VisibleTest:
    test = Test(
        test_id=f"sample:{index}",
        form=Program(stdin=str(stdin).encode("utf-8", "surrogatepass")),
        expect=Prints(stdout=str(stdout), policy=Policy.TOKENS),
        limits=replace(LIMITS["stdio"], cpu_s=4.0),
    )
    return VisibleTest(test=test, text=f"Input:\n{stdin}\nOutput:\n{stdout}", origin="sample")


def _call(entry: str, index: int, given: object, wanted: object) -> VisibleTest | str:
    """Arguments stand one a line, as Python or JSON; of what cannot be read, what and why."""
    if not isinstance(given, str | list):
        return f"visible test {index}: its input is a {type(given).__name__}, no text and no list"
    texts = given.strip().split("\n") if isinstance(given, str) else given
    args = [_value(one) if isinstance(given, str) else Literal(one) for one in texts]
    value = _value(wanted)
    bad = [text for text, arg in zip(texts, args, strict=True) if arg is None]
    if bad or value is None:
        what, text = ("input", bad[0]) if bad else ("output", wanted)
        return f"visible test {index}: its {what} is neither JSON nor Python: {str(text)[:60]!r}"
    values = tuple(arg.value for arg in args if arg)
    test = Test(
        test_id=f"visible:{index}",
        form=Call(entry=entry, args=values),
        expect=Returns(value=value.value, policy=Policy.FLOAT),
        limits=LIMITS["function"],
    )
    shown = f">>> {entry}({', '.join(map(repr, values))})\n{value.value!r}"
    return VisibleTest(test=test, text=shown, origin="sample")


def _value(text: object) -> Literal | None:
    if not isinstance(text, str):
        return Literal(text)
    try:
        return Literal(json.loads(text))
    except (ValueError, RecursionError):
        return literal_of(text)


def _generated(
    row: Mapping[str, Any], entry: str, n: int
) -> tuple[tuple[tuple[Test, ...], ...], int]:
    """One group for each sample, and how many lines are no readable asserts."""
    samples = row.get("generated_tests") or []
    if not isinstance(samples, list) or not all(isinstance(one, list) for one in samples):
        raise PoolError(f"line {n}: 'generated_tests' is no list of lists of asserts")
    read = [
        [split_assert(one, entry) if isinstance(one, str) else None for one in sample]
        for sample in samples
    ]
    groups = [tuple(test for test in tests if test) for tests in read]
    return tuple(g for g in groups if g), sum(tests.count(None) for tests in read)
