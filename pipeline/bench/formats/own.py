"""Our own format: `source` and `entry_point`, or `kind: stdio`; tests in the row or apart.

Hidden tests are `hidden_tests` (input and output), `tests` ([expression, repr]) or `test` (source),
in the row or in `X.hidden.jsonl[.gz]` beside `X.jsonl[.gz]`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.bench.formats.asserts import grader_of
from pipeline.bench.grading import Grader, Hidden, Pair, TestGrader
from pipeline.bench.records import Json, PublicTask, SuiteError, read_rows
from pipeline.bench.suite import Options, Source, first_row, text_of
from pipeline.bench.suites import LIMITS
from pipeline.syntax.text import literal_of
from sandbox.api import Call, Expression, Policy, Prints, Program, Returns, Test

QUIXBUGS = Source(
    name="quixbugs",
    about="classic programs with a one-line bug each",
    licence="MIT",
    note="published as single files (jkoppel/QuixBugs): bring a JSONL file of them with --from",
)
NANO = Source(name="nano", about="400 tasks of our own, made for the embedded model", licence="")


class OwnSuite:
    sources = (NANO, QUIXBUGS)
    conventions = ()
    least_tests = 3

    def recognises(self, path: Path) -> bool:
        """The last one asked: whatever is no other format is read as ours, and named where not."""
        return bool(first_row(path)) or path.is_file()

    def read(self, paths: Sequence[Path], _options: Options) -> Iterator[Pair]:
        for path in paths:
            apart = _hidden_apart(path)
            for number, row in read_rows(path):
                yield _pair(row, apart, f"{path} line {number}")


SUITE = OwnSuite()


def _hidden_apart(path: Path) -> dict[str, Json]:
    """Rows of `X.hidden.jsonl[.gz]` beside `X.jsonl[.gz]`, by task id."""
    for ending in (".jsonl.gz", ".jsonl"):
        if path.name.endswith(ending):
            other = path.with_name(f"{path.name.removesuffix(ending)}.hidden{ending}")
            if other.is_file():
                return {
                    text_of(row, "task_id", f"{other} line {n}"): row for n, row in read_rows(other)
                }
    return {}


def _pair(row: Json, apart: dict[str, Json], where: str) -> Pair:
    task_id = text_of(row, "task_id", where)
    kind = "stdio" if row.get("kind") == "stdio" else "function"
    source = row.get("source") or row.get("prompt")
    if not isinstance(source, str) or not source:
        raise SuiteError(f"{where}: the field `source` is missing")
    given = row.get("visible_tests") or []
    make = {"stdio": sample, "function": example}[kind]
    public = PublicTask(
        task_id=task_id,
        part=str(row.get("part", "")),
        kind=kind,
        source=source,
        entry_point=text_of(row, "entry_point", where) if kind == "function" else "",
        visible=tuple(make(case, where) for case in given),
    )
    grader = _grader(public, apart.get(task_id, row), where)
    return public, Hidden(task_id=task_id, grader=grader)


def _grader(public: PublicTask, row: Json, where: str) -> Grader:
    if "tests" in row:
        return TestGrader(tests=tuple(_claim(n, p, where) for n, p in enumerate(row["tests"])))
    if "test" in row:
        return grader_of(public, str(row["test"]), where)
    make = {"stdio": _stdio_test, "function": _call_test}[public.kind]
    cases = row.get("hidden_tests") or []
    return TestGrader(tests=tuple(make(public, n, case, where) for n, case in enumerate(cases)))


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


def _stdio_test(_public: PublicTask, n: int, case: Json, where: str) -> Test:
    return Test(
        test_id=f"hidden:{n}",
        form=Program(stdin=text_of(case, "input", where, empty=True).encode()),
        expect=Prints(stdout=text_of(case, "output", where, empty=True), policy=Policy.TOKENS),
        limits=LIMITS["stdio"],
    )


def _call_test(public: PublicTask, n: int, case: Json, where: str) -> Test:
    made = example(case, where)
    return Test(
        test_id=f"hidden:{n}",
        form=Call(entry=public.entry_point, args=tuple(made["input"])),
        expect=Returns(value=made["output"], policy=Policy.FLOAT),
        limits=LIMITS["stdio"],
    )


def example(case: object, where: str) -> Json:
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


def sample(case: object, where: str) -> Json:
    if not isinstance(case, dict) or not {"input", "output"} <= set(case):
        raise SuiteError(f"{where}: a test has no `input` and `output`")
    return {"input": str(case["input"]), "output": str(case["output"])}
