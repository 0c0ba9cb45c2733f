"""HumanEval+ and MBPP+ as EvalPlus publishes them: inputs, and a reference that gives outputs."""

from __future__ import annotations

from typing import Any

from pipeline.bench.evalplus import EvalPlusGrader, typed_inputs
from pipeline.bench.formats.statement import stub_of_statement
from pipeline.bench.grading import Hidden, Pair
from pipeline.bench.records import Json, PublicTask, SuiteError
from pipeline.bench.suite import Options, Remote, RowSuite, Source, list_of, text_of

_RELEASES = "https://github.com/evalplus"
HUMANEVAL_PLUS = Source(
    name="humaneval+",
    about="HumanEval with 80 times the tests (v0.1.10)",
    licence="Apache-2.0",
    files=(
        Remote(
            url=f"{_RELEASES}/humanevalplus_release/releases/download/v0.1.10/HumanEvalPlus.jsonl.gz",
            sha256="42526ec0e7d5f3ee0b06d6ced98f8c8bae3d76519151bfb3d36f79010645bd7f",
            name="HumanEvalPlus.jsonl.gz",
        ),
    ),
)
MBPP_PLUS = Source(
    name="mbpp+",
    about="378 tasks of MBPP with 35 times the tests (v0.2.0)",
    licence="Apache-2.0",
    files=(
        Remote(
            url=f"{_RELEASES}/mbppplus_release/releases/download/v0.2.0/MbppPlus.jsonl.gz",
            sha256="b54e762755248ca411b523c917fa9f93c07b5ff2966bf60b3917b853926a3dad",
            name="MbppPlus.jsonl.gz",
        ),
    ),
)


def _pair(row: Json, _options: Options, where: str) -> Pair:
    task_id, prompt = text_of(row, "task_id", where), text_of(row, "prompt", where)
    entry = text_of(row, "entry_point", where)
    is_mbpp = "assertion" in row
    public = PublicTask(
        task_id=task_id,
        part="MBPP+" if is_mbpp else "HumanEval+",
        source=stub_of_statement(prompt, entry, where) if is_mbpp else prompt,
        entry_point=entry,
        prompt=prompt,
    )
    base, plus = (_inputs(row, name, task_id, where) for name in ("base_input", "plus_input"))
    grader = EvalPlusGrader(
        entry=entry,
        reference=prompt + text_of(row, "canonical_solution", where),
        base=tuple(base),
        plus=tuple(plus),
        atol=float(row.get("atol") or 0),
    )
    return public, Hidden(task_id=task_id, grader=grader)


def _inputs(row: Json, name: str, task_id: str, where: str) -> list[tuple[Any, ...]]:
    try:
        return typed_inputs(task_id, list_of(row, name, where))
    except (TypeError, ValueError, IndexError, AttributeError) as exc:
        raise SuiteError(f"{where}: `{name}` has not the shape of {task_id}: {exc}") from exc


SUITE = RowSuite(
    fields=frozenset({"base_input", "plus_input", "canonical_solution"}),
    pair=_pair,
    sources=(HUMANEVAL_PLUS, MBPP_PLUS),
)
