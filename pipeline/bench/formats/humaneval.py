"""HumanEval, and HumanEvalFix of HumanEvalPack: a prompt and a `check` of asserts."""

from __future__ import annotations

from pipeline.bench.formats.asserts import grader_of
from pipeline.bench.grading import Hidden, Pair
from pipeline.bench.records import Json, PublicTask
from pipeline.bench.suite import Options, Remote, RowSuite, Source, text_of

HUMANEVAL = Source(
    name="humaneval",
    about="164 functions to write, about 8 tests each",
    licence="MIT",
    files=(
        Remote(
            url="https://github.com/openai/human-eval/raw/master/data/HumanEval.jsonl.gz",
            sha256="1d49078ba3e2b196b9344535bef34a43021f038fad9561d6ee7c53450609a6a2",
            name="HumanEval.jsonl.gz",
        ),
    ),
)
FIX = Source(
    name="humanevalfix",
    about="functions with one planted bug each",
    licence="MIT",
    files=(
        Remote(
            url="https://huggingface.co/datasets/bigcode/humanevalpack/resolve/main/"
            "data/python/data/humanevalpack.jsonl",
            sha256="",
            name="humanevalfix.jsonl.gz",
        ),
    ),
)


def _pair(row: Json, _options: Options, where: str) -> Pair:
    source = text_of(row, "prompt", where)
    buggy = row.get("buggy_solution")
    public = PublicTask(
        task_id=text_of(row, "task_id", where),
        part="HumanEvalFix" if buggy else "HumanEval",
        source=f"{source.rstrip()}\n{buggy}" if buggy else source,
        entry_point=text_of(row, "entry_point", where),
        prompt=source,
    )
    test = text_of(row, "test", where)
    setup = row.get("test_setup") or ""
    grader = grader_of(public, f"{setup}\n{test}" if setup else test, where)
    return public, Hidden(task_id=public.task_id, grader=grader)


SUITE = RowSuite(
    fields=frozenset({"prompt", "test", "entry_point"}), pair=_pair, sources=(HUMANEVAL, FIX)
)
