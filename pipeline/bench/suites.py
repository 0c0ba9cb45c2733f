"""The solver's side of a suite: public tasks in, Tasks out; hidden tests are nowhere in reach."""

from __future__ import annotations

import dataclasses

from pipeline.bench.records import Json, PublicTask, SuiteError
from pipeline.core.calls import VisibleTest
from pipeline.core.task import Task
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import SourceError, document_from_bytes
from sandbox.api import Call, Limits, Policy, Prints, Program, Returns, Test


def task_of(public: PublicTask) -> Task:
    """The Task that a public task stands for. Raises SuiteError."""
    try:
        return _stdio(public) if public.kind == "stdio" else _function(public)
    except SourceError as exc:
        raise SuiteError(f"task {public.task_id}: {exc}") from exc


def _function(public: PublicTask) -> Task:
    document = document_from_bytes(public.source.encode("utf-8", "surrogatepass"))
    task = task_from_file(document, find_function(document, public.entry_point))
    more = tuple(_call(public, n, row) for n, row in enumerate(public.visible))
    before = _behind_future(public.prelude, task.before)
    visible = task.visible + more
    return dataclasses.replace(task, task_id=public.task_id, before=before, visible=visible)


FUTURE = "from __future__ import annotations\n"


def _behind_future(prelude: str, before: str) -> str:
    """The prelude in front of the module's text, but for the import that has to be the first."""
    head = FUTURE if before.startswith(FUTURE) else ""
    return f"{head}{prelude}{before.removeprefix(head)}"


def _call(public: PublicTask, n: int, row: Json) -> VisibleTest:
    args = tuple(row["input"])
    value = row["output"]
    name = public.entry_point.rpartition(".")[2]
    test = Test(
        test_id=f"visible:{n}",
        form=Call(entry=public.entry_point, args=args),
        expect=Returns(value=value, policy=Policy.PYTHON),
        limits=LIMITS["function"],
    )
    text = f">>> {name}({', '.join(map(repr, args))})\n{value!r}"
    return VisibleTest(test=test, text=text, origin="statement")


def _stdio(public: PublicTask) -> Task:
    visible = tuple(_program(n, row) for n, row in enumerate(public.visible))
    return Task(
        task_id=public.task_id,
        kind="stdio",
        statement=public.source,
        entry_point="",
        visible=visible,
    )


def _program(n: int, row: Json) -> VisibleTest:
    stdin, stdout = str(row["input"]), str(row["output"])
    test = Test(
        test_id=f"sample:{n}",
        form=Program(stdin=stdin.encode()),
        expect=Prints(stdout=stdout, policy=Policy.TOKENS),
        limits=LIMITS["stdio"],
    )
    return VisibleTest(test=test, text=f"Input:\n{stdin}\nOutput:\n{stdout}", origin="statement")


LIMITS: dict[str, Limits] = {
    "function": Limits(cpu_s=4.0, memory_mb=256),
    "stdio": Limits(cpu_s=8.0, memory_mb=384),
}
"""Of one test; visible and hidden ones alike."""
