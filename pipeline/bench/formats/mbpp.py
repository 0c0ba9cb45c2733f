"""MBPP as Google publishes it: a sentence, a solution, three asserts that the prompt shows too."""

from __future__ import annotations

import ast

from pipeline.bench.formats.asserts import grader_of
from pipeline.bench.formats.statement import call_in, stub_of_statement
from pipeline.bench.grading import Hidden, Pair
from pipeline.bench.records import Json, PublicTask, SuiteError
from pipeline.bench.suite import Options, Remote, RowSuite, Source, list_of, text_of
from pipeline.syntax.text import parse

TEST_IDS = range(11, 511)
"""The published figures count these 500 of the 974."""
MBPP = Source(
    name="mbpp",
    about="500 small tasks with three asserts each (11-510)",
    licence="CC-BY-4.0",
    note="the three asserts that score a task stand in its prompt: that is the suite's convention",
    files=(
        Remote(
            url="https://github.com/google-research/google-research/raw/master/mbpp/mbpp.jsonl",
            sha256="",
            name="mbpp.jsonl.gz",
        ),
    ),
)


TEST, TRAIN = CONVENTIONS = ("test", "train")
"""What the published figures count, and the rest: for calibration, and never for a figure."""


def _pair(row: Json, options: Options, where: str) -> Pair | None:
    number = row.get("task_id")
    if isinstance(number, int) and (number in TEST_IDS) != (options.convention != TRAIN):
        return None
    tests = [str(one).strip() for one in list_of(row, "test_list", where)]
    text, code = text_of(row, "text", where), text_of(row, "code", where)
    entry = _entry(code, tests, where)
    # Where all were shown, an answer that passes what it sees could not be told from a right one.
    shown = tests[:1] if options.convention == TRAIN else tests
    said = "\n".join([text, *shown]).replace("\\", r"\\").replace('"""', "'''")
    prompt = f'"""\n{said}\n"""\n'
    public = PublicTask(
        task_id=f"Mbpp/{number}",
        part="MBPP",
        source=stub_of_statement(prompt, entry, where),
        entry_point=entry,
        prompt=prompt,
    )
    setup = str(row.get("test_setup_code") or "")
    source = "\n".join([setup, *tests] if setup else tests)
    return public, Hidden(task_id=public.task_id, grader=grader_of(public, source, where))


def _entry(code: str, tests: list[str], where: str) -> str:
    """The function of the solution that the first test calls."""
    tree = parse(code)
    names = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] if tree else []
    called = [name for name in names if any(call_in(line, name) for line in tests)]
    if not called:
        raise SuiteError(f"{where}: no assert calls a function of the solution")
    return called[0]


SUITE = RowSuite(
    fields=frozenset({"text", "code", "test_list"}),
    pair=_pair,
    sources=(MBPP,),
    conventions=CONVENTIONS,
)
