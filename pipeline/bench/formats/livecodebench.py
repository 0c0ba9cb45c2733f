"""LiveCodeBench: contest tasks by day, tests packed as base64, zlib and a pickle of text."""

from __future__ import annotations

import base64
import binascii
import io
import json
import pickle
import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from pipeline.bench.formats.own import example, sample
from pipeline.bench.grading import Grader, Hidden, Pair
from pipeline.bench.livecodebench import PRELUDE, CallGrader, StdioGrader
from pipeline.bench.records import Json, PublicTask, SuiteError
from pipeline.bench.suite import Options, Remote, RowSuite, Source, text_of

MOST_PRIVATE_BYTES = 1 << 29
"""Of one task's decompressed private tests; more is refused, not unpacked."""
_HUB = "https://huggingface.co/datasets/livecodebench/code_generation_lite/resolve/main"
_NAMES = ("test.jsonl", *(f"test{n}.jsonl" for n in range(2, 7)))
LIVECODEBENCH = Source(
    name="livecodebench",
    about="contest tasks, May 2023 to April 2025; @v1 to @v6, @v4_v5 and the like",
    licence="CC-BY (statements belong to their contests)",
    note="private tests are pickles: they are read as text, anything else in them is refused",
    files=tuple(Remote(url=f"{_HUB}/{name}", sha256="", name=name) for name in _NAMES),
    releases={
        **{f"v{n}": tuple(range(n)) for n in range(1, 7)},
        **{f"v{a}_v{b}": tuple(range(a - 1, b)) for a in range(1, 7) for b in range(a + 1, 7)},
    },
)


def _pair(row: Json, options: Options, where: str) -> Pair | None:
    day = text_of(row, "contest_date", where)[:10]
    try:
        inside = date.fromisoformat(day) in options.window
    except ValueError as exc:
        raise SuiteError(f"{where}: contest_date {day!r} is no date") from exc
    if not inside:
        return None
    shown = _cases(text_of(row, "public_test_cases", where), where)
    private = text_of(row, "private_test_cases", where)
    cases = [*shown, *_cases(private, where)] if private else []
    name = _func_name(row, where)
    make = _function if name else _stdio
    public, grader = make(row, shown, cases, name, where)
    return public, Hidden(task_id=public.task_id, grader=grader)


def _func_name(row: Json, where: str) -> str:
    """Of a task that is called; "" for one that reads and prints."""
    try:
        found = json.loads(row.get("metadata") or "{}")
    except (ValueError, TypeError, RecursionError) as exc:
        raise SuiteError(f"{where}: its metadata are no JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise SuiteError(f"{where}: its metadata are a {type(found).__name__}, no object")
    return str(found.get("func_name") or "")


def _common(row: Json, where: str) -> Json:
    return {
        "task_id": text_of(row, "question_id", where),
        "part": str(row.get("difficulty", "")),
    }


def _statement(row: Json, where: str) -> str:
    title, text = row.get("question_title", ""), text_of(row, "question_content", where)
    return f"{title}\n\n{text}" if title else text


def _stdio(
    row: Json, shown: Sequence[Json], cases: Sequence[Json], _name: str, where: str
) -> tuple[PublicTask, Grader]:
    public = PublicTask(
        **_common(row, where),
        kind="stdio",
        source=_statement(row, where),
        visible=tuple(sample(case, where) for case in shown),
    )
    pairs = tuple((one["input"], one["output"]) for one in (sample(c, where) for c in cases))
    return public, StdioGrader(cases=pairs)


def _function(
    row: Json, shown: Sequence[Json], cases: Sequence[Json], name: str, where: str
) -> tuple[PublicTask, Grader]:
    starter = text_of(row, "starter_code", where)
    source, entry = stub_of_starter(starter, name, _statement(row, where), where)
    public = PublicTask(
        **_common(row, where),
        source=source,
        entry_point=entry,
        visible=tuple(example(case, where) for case in shown),
        prelude=PRELUDE,
    )
    made = [example(case, where) for case in cases]
    pairs = tuple((tuple(one["input"]), one["output"]) for one in made)
    return public, CallGrader(name=name, cases=pairs)


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
        return [dict(case) for case in json.loads(raw)]
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


SUITE = RowSuite(
    fields=frozenset({"question_content", "public_test_cases"}),
    pair=_pair,
    sources=(LIVECODEBENCH,),
)
