"""The whole of a suite, hidden tests included: only for `publish` and `scorer`, in their processes.

A process that solves must never import this module; a test reads the imports.
"""

from __future__ import annotations

import ast
import base64
import binascii
import io
import json
import pickle
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from pipeline.bench.evalplus import Reference, reference_of, typed_like_assertions
from pipeline.bench.records import Json, PublicTask, SuiteError, read_rows
from pipeline.bench.suites import LIMITS
from pipeline.nano.bench import PUBLIC as NANO
from pipeline.source.text import literal_of, parse
from sandbox.api import (
    Call,
    Expression,
    Policy,
    Prints,
    Program,
    Returns,
    Test,
    TestCode,
)
from sandbox.asserts import split_tests

BUILT_IN = {"nano": NANO}
MIN_TESTS = 3
"""Hidden tests per task, in the median, under which a suite proves too little."""
MOST_PRIVATE_BYTES = 1 << 29
"""Of one task's decompressed private tests; more is refused, not unpacked."""


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What scores a task."""

    task_id: str
    tests: tuple[Test, ...] = ()
    n_tests: int = 0
    """Of test code: its asserts."""
    reference: Reference | None = None
    """Where expected values are what a right program gives on hidden inputs."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Tasks of a contest from `start` to `end`, both included; others are left out."""

    start: date | None = None
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        return not (self.start and day < self.start) and not (self.end and day > self.end)


Pair = tuple[PublicTask, Hidden]


def suite_path(name: str) -> Path:
    """A built-in suite or a file. Raises SuiteError; nothing is ever downloaded."""
    path = BUILT_IN.get(name) or Path(name).expanduser()
    if path.is_file():
        return path
    known = ", ".join(BUILT_IN)
    raise SuiteError(f"no suite {name!r}: it is no file here and not built in ({known})")


def read_suite(path: Path, window: Window | None = None) -> Iterator[Pair]:
    """Every task with its hidden tests, in order; streamed. Raises SuiteError with the line."""
    apart = _hidden_apart(path)
    seen: set[str] = set()
    for number, row in read_rows(path):
        pair = _pair(row, apart, window or Window(), f"{path} line {number}")
        if pair is None:
            continue
        if pair[0].task_id in seen:
            raise SuiteError(f"{path} line {number}: task id {pair[0].task_id!r} came before")
        seen.add(pair[0].task_id)
        yield pair


def refuse_if_weak(name: str, counts: Sequence[int], min_tests: int = MIN_TESTS) -> None:
    """Raises SuiteError when the hidden tests are too few to tell right from wrong."""
    if not counts:
        raise SuiteError(f"{name} has no task in this selection")
    middle, without = median(counts), sum(count == 0 for count in counts)
    if without or middle < min_tests:
        raise SuiteError(
            f"{name} has too few hidden tests: {middle:g} per task in the median, {without} of"
            f" {len(counts)} tasks without any; it takes {min_tests} (--min-tests to lower it)"
        )


def _hidden_apart(path: Path) -> dict[str, Json]:
    """Rows of `X.hidden.jsonl[.gz]` beside `X.jsonl[.gz]`, by task id."""
    name = path.name
    for ending in (".jsonl.gz", ".jsonl"):
        if name.endswith(ending):
            other = path.with_name(f"{name.removesuffix(ending)}.hidden{ending}")
            if other.is_file():
                return {
                    _text(row, "task_id", f"{other} line {n}"): row for n, row in read_rows(other)
                }
    return {}


def _pair(row: Json, apart: Mapping[str, Json], window: Window, where: str) -> Pair | None:
    if "question_content" in row:
        return _livecodebench(row, window, where)
    if "plus_input" in row:
        return _evalplus(row, where)
    if "prompt" in row and "test" in row:
        return _humaneval(row, where)
    return _custom(row, apart, where)


# --- HumanEval, HumanEval+, MBPP+ ----------------------------------------------------------------


def _humaneval(row: Json, where: str) -> Pair:
    public = PublicTask(
        task_id=_text(row, "task_id", where),
        part="HumanEval",
        source=_text(row, "prompt", where),
        entry_point=_text(row, "entry_point", where),
    )
    return public, _from_source(public, _text(row, "test", where), where)


def _evalplus(row: Json, where: str) -> Pair:
    task_id, prompt = _text(row, "task_id", where), _text(row, "prompt", where)
    entry = _text(row, "entry_point", where)
    is_mbpp = "assertion" in row
    source = stub_of_statement(prompt, entry, where) if is_mbpp else prompt
    public = PublicTask(
        task_id=task_id,
        part="MBPP+" if is_mbpp else "HumanEval+",
        source=source,
        entry_point=entry,
    )
    inputs = [*_field(row, "base_input", where), *_field(row, "plus_input", where)]
    if is_mbpp:
        inputs = typed_like_assertions(inputs, _text(row, "assertion", where), entry)
    code = _text(row, "canonical_solution", where)
    program = code if is_mbpp else prompt + code
    reference = reference_of(entry, program, inputs, tolerance=float(row.get("atol") or 0))
    return public, Hidden(task_id=task_id, reference=reference, n_tests=len(inputs))


def stub_of_statement(prompt: str, entry: str, where: str = "the prompt") -> str:
    """A stub with a doctest from a text that ends in `assert` lines; parameters get letters.

    Raises SuiteError when no assert shows how many arguments the function takes.
    """
    tree = parse(prompt)
    text = ast.get_docstring(tree) if tree else None
    lines = (text or "").splitlines()
    words = [line for line in lines if not line.startswith("assert ")]
    calls = [call for line in lines if (call := _call_in(line, entry)) is not None]
    if not calls:
        raise SuiteError(f"{where}: no assert in the prompt calls {entry}")
    names = ", ".join("abcdefghijklmnopqrstuvwxyz"[n] for n in range(len(calls[0].args)))
    claims = [line.removeprefix("assert ") for line in lines if line.startswith("assert ")]
    doc = [*words, "", *(part for claim in claims for part in (f">>> {claim}", "True"))]
    body = "\n".join(f"    {line}".rstrip() for line in doc).lstrip()
    quote = "r'''" if '"""' in body else 'r"""'
    return f"def {entry}({names}):\n    {quote}{body}\n    {quote[1:]}\n"


def _call_in(line: str, entry: str) -> ast.Call | None:
    tree = parse(line.strip()) if line.startswith("assert ") else None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == entry:
            return node
    return None


# --- LiveCodeBench -------------------------------------------------------------------------------


def _livecodebench(row: Json, window: Window, where: str) -> Pair | None:
    day = _text(row, "contest_date", where)[:10]
    try:
        inside = date.fromisoformat(day) in window
    except ValueError as exc:
        raise SuiteError(f"{where}: contest_date {day!r} is no date") from exc
    if not inside:
        return None
    public_cases = _cases(_text(row, "public_test_cases", where), where)
    private = _text(row, "private_test_cases", where)
    cases = [*public_cases, *_cases(private, where)] if private else []
    is_stdio = all(case.get("testtype") == "stdin" for case in public_cases or cases)
    public = _contest_task(row, public_cases, is_stdio, where)
    return public, _from_cases(public, cases, where)


def _contest_task(row: Json, cases: Sequence[Json], is_stdio: bool, where: str) -> PublicTask:
    title, text = row.get("question_title", ""), _text(row, "question_content", where)
    statement = f"{title}\n\n{text}" if title else text
    common = {
        "task_id": _text(row, "question_id", where),
        "part": str(row.get("difficulty", "")),
    }
    if is_stdio:
        return PublicTask(**common, kind="stdio", source=statement, visible=_samples(cases))
    name = _metadata(row, where).get("func_name") or _text(row, "entry_point", where)
    starter = _text(row, "starter_code", where)
    source, entry = stub_of_starter(starter, name, statement, where)
    visible = tuple(_example(case, where) for case in cases)
    return PublicTask(**common, source=source, entry_point=entry, visible=visible)


def _metadata(row: Json, where: str) -> Json:
    try:
        found = json.loads(row.get("metadata") or "{}")
    except (ValueError, TypeError, RecursionError) as exc:
        raise SuiteError(f"{where}: its metadata are no JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise SuiteError(f"{where}: its metadata are a {type(found).__name__}, no object")
    return found


def stub_of_starter(starter: str, name: str, statement: str, where: str) -> tuple[str, str]:
    """(module text, dotted name): the starter code with the statement as its docstring.

    Raises SuiteError when the starter code has no function of that name.
    """
    header = next((n for n, line in enumerate(starter.splitlines()) if f"def {name}(" in line), -1)
    if header < 0:
        raise SuiteError(f"{where}: starter_code has no function {name!r}")
    lines = starter.splitlines()[: header + 1]
    margin = " " * (len(lines[-1]) - len(lines[-1].lstrip()) + 4)
    text = statement.replace("\\", "\\\\").replace('"""', "'''")
    doc = "\n".join(f"{margin}{line}".rstrip() for line in text.splitlines())
    owner = next((line for line in lines if line.startswith("class ")), "")
    entry = f"{owner.removeprefix('class ').partition('(')[0].rstrip(': ')}.{name}".lstrip(".")
    typing = "from __future__ import annotations\n\nfrom typing import *\n\n"
    body = "\n".join(lines)
    return f'{typing}{body}\n{margin}"""{doc.lstrip()}\n{margin}"""\n', entry


def _cases(text: str, where: str) -> list[Json]:
    """Test cases as JSON, or as LiveCodeBench packs them."""
    raw = text if text.lstrip().startswith("[") else unpack_private(text, where)
    try:
        cases = json.loads(raw)
        return [dict(case) for case in cases]
    except (ValueError, TypeError, RecursionError) as exc:
        raise SuiteError(f"{where}: its test cases are no JSON list: {exc}") from exc


def unpack_private(text: str, where: str = "the task") -> str:
    """base64, zlib, pickle of one string; a pickle that asks for anything else is refused.

    Raises SuiteError.
    """
    try:
        engine = zlib.decompressobj()
        data = engine.decompress(base64.b64decode(text, validate=True), MOST_PRIVATE_BYTES)
        if engine.unconsumed_tail:
            raise SuiteError(f"{where}: its private tests unpack to over {MOST_PRIVATE_BYTES} B")
        value = _PlainUnpickler(io.BytesIO(data)).load()
    except (binascii.Error, zlib.error, EOFError, pickle.UnpicklingError, ValueError) as exc:
        raise SuiteError(f"{where}: its private tests cannot be unpacked: {exc}") from exc
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        raise SuiteError(f"{where}: its private tests hold a {type(value).__name__}, not text")
    return value


class _PlainUnpickler(pickle.Unpickler):
    """Builds strings, numbers and containers; whatever would import a name is refused."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        raise pickle.UnpicklingError(f"it wants {module_name}.{global_name}")

    def persistent_load(self, pid: Any, /) -> Any:
        raise pickle.UnpicklingError("it wants something that is not in it")


# --- everything else -----------------------------------------------------------------------------


def _custom(row: Json, apart: Mapping[str, Json], where: str) -> Pair:
    """`source` and `entry_point`, or `kind: stdio` with `source` or `prompt`; hidden tests in the
    row or apart, as `hidden_tests`, `tests` or `test`.
    """
    task_id = _text(row, "task_id", where)
    is_stdio = row.get("kind") == "stdio"
    source = row.get("source") or row.get("prompt")
    if not isinstance(source, str) or not source:
        raise SuiteError(f"{where}: the field `source` is missing")
    given = row.get("visible_tests") or []
    public = PublicTask(
        task_id=task_id,
        part=str(row.get("part", "")),
        kind="stdio" if is_stdio else "function",
        source=source,
        entry_point="" if is_stdio else _text(row, "entry_point", where),
        visible=_samples(given) if is_stdio else tuple(_example(case, where) for case in given),
    )
    return public, _hidden_of(public, apart.get(task_id, row), where)


def _hidden_of(public: PublicTask, row: Json, where: str) -> Hidden:
    if "tests" in row:
        tests = tuple(_claim(n, pair, where) for n, pair in enumerate(row["tests"]))
        return Hidden(task_id=public.task_id, tests=tests, n_tests=len(tests))
    if "test" in row:
        return _from_source(public, str(row["test"]), where)
    return _from_cases(public, row.get("hidden_tests") or [], where)


def _claim(n: int, pair: object, where: str) -> Test:
    """[expression, repr of its value]."""
    if not isinstance(pair, list) or [type(one) for one in pair] != [str, str]:
        raise SuiteError(f"{where}: hidden test {n + 1} is no [expression, repr] pair")
    value = literal_of(pair[1])
    if value is None:
        raise SuiteError(f"{where}: hidden test {n + 1} expects no literal: {pair[1]!r}")
    return Test(
        test_id=f"hidden:{n}",
        form=Expression(source=pair[0]),
        expect=Returns(value=value.value, policy=Policy.EXACT),
        limits=LIMITS["function"],
    )


def _from_source(public: PublicTask, source: str, where: str) -> Hidden:
    """Asserts one by one where they can be split, else the text as test code of its own."""
    tests = split_tests(source, public.entry_point, limits=LIMITS["function"])
    if not tests:
        raise SuiteError(f"{where}: the hidden tests of {public.task_id} are no Python")
    if any(isinstance(test.form, TestCode) for test in tests):
        tests = tuple(_with_module(test, _beside(public)) for test in tests)
    tree = parse(source)
    n_asserts = sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) if tree else 0
    return Hidden(task_id=public.task_id, tests=tests, n_tests=max(n_asserts, len(tests)))


def _beside(public: PublicTask) -> str:
    """The module without the function itself: imports and helpers that test code may use."""
    tree = parse(public.source)
    kept = [s for s in tree.body if getattr(s, "name", "") != public.entry_point] if tree else []
    return "\n".join(ast.unparse(s) for s in kept)


def _with_module(test: Test, before: str) -> Test:
    """Test code may use the helpers that stand in front of the function."""
    if not isinstance(test.form, TestCode):
        return test
    form = TestCode(
        source=f"{before}\n{test.form.source}", entry=test.form.entry, check=test.form.check
    )
    return Test(test_id=test.test_id, form=form, expect=test.expect, limits=test.limits)


def _from_cases(public: PublicTask, cases: Sequence[Json], where: str) -> Hidden:
    make = _stdio_test if public.kind == "stdio" else _call_test
    tests = tuple(make(public, n, case, where) for n, case in enumerate(cases))
    return Hidden(task_id=public.task_id, tests=tests, n_tests=len(tests))


def _stdio_test(_public: PublicTask, n: int, case: Json, where: str) -> Test:
    return Test(
        test_id=f"hidden:{n}",
        form=Program(stdin=_text(case, "input", where, empty=True).encode()),
        expect=Prints(stdout=_text(case, "output", where, empty=True), policy=Policy.TOKENS),
        limits=LIMITS["stdio"],
    )


def _call_test(public: PublicTask, n: int, case: Json, where: str) -> Test:
    example = _example(case, where)
    return Test(
        test_id=f"hidden:{n}",
        form=Call(entry=public.entry_point, args=tuple(example["input"])),
        expect=Returns(value=example["output"], policy=Policy.FLOAT),
        limits=LIMITS["stdio"],
    )


def _example(case: Json, where: str) -> Json:
    """Arguments as a list; a text has one JSON value per line, and its output is JSON too."""
    if not isinstance(case, dict) or not {"input", "output"} <= set(case):
        raise SuiteError(f"{where}: a test has no `input` and `output`")
    given, output = case["input"], case["output"]
    if isinstance(given, list):
        return {"input": given, "output": output}
    try:
        args = [json.loads(line) for line in str(given).splitlines() if line.strip()]
        return {"input": args, "output": json.loads(str(output))}
    except (ValueError, RecursionError) as exc:
        raise SuiteError(
            f"{where}: a test's input or output is not one JSON value per line: {exc}"
        ) from exc


def _samples(cases: Sequence[Json]) -> tuple[Json, ...]:
    return tuple({"input": str(c["input"]), "output": str(c["output"])} for c in cases)


def _field(row: Json, name: str, where: str) -> list[Any]:
    value = row.get(name)
    if name in row and not value:
        return []
    if not isinstance(value, list):
        raise SuiteError(f"{where}: the field `{name}` is missing or no list")
    return value


def _text(row: Json, name: str, where: str, *, empty: bool = False) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not (value or empty):
        raise SuiteError(f"{where}: the field `{name}` is missing or no text")
    return value
