"""SciCode: problems in steps, each of which builds on the code that was generated before.

The targets of the asserts lie in an HDF5 file; it is read here, outside the sandbox, and only
plain numbers travel in. They share a process with the program: see docs/benchmarks.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bench.grading import BadTask, Grade, Hidden, Pair, run
from pipeline.bench.records import Json, PublicTask, SuiteError, read_rows
from pipeline.bench.suite import Options, Remote, Source, first_row, list_of, text_of
from sandbox.api import Call, Job, Limits, Outcome, Sandbox

GIVEN = frozenset({"13.6", "62.1", "76.3"})
"""Steps whose code upstream gives (files `13.6.txt` and so on beside the problems); not scored."""
TARGETS = "test_data.h5"
LIMITS = Limits(cpu_s=300.0, wall_s=1800.0, memory_mb=4096, output_bytes=1 << 22)
_FILES = "https://raw.githubusercontent.com/scicode-bench/SciCode/69a8cfc829fe8788a426ce8b5de6292366dce7ef/eval/data"
_MIRROR = (
    "https://huggingface.co/datasets/xantheocracy/scicode-mirror/resolve/"
    "2f903a64a1c4eb62c7c649b0caf7ecb2c0217590"
)
SCICODE = Source(
    name="scicode",
    about="65 scientific problems in 288 steps",
    licence="Apache-2.0",
    note="pip install 'atlas-lsp[science]' reads its targets",
    packages=("numpy", "scipy", "sympy"),
    files=(
        Remote(
            url=f"{_FILES}/problems_all.jsonl",
            sha256="38797fef78f434720be6d053b4f3a86839d6f8ea5fb9115450677cd3a6edf81d",
            name="problems_all.jsonl",
        ),
        Remote(
            url=f"{_MIRROR}/{TARGETS}",
            sha256="48b0272a88b17dbd29777c217e1b4fb2b019b92e11cc2add847409db9541b890",
            name=TARGETS,
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Step:
    number: str
    cases: tuple[str, ...]

    @property
    def is_scored(self) -> bool:
        return self.number not in GIVEN


@dataclass(frozen=True, kw_only=True)
class StepsGrader:
    """An answer is a JSON list with the code of every step; each is judged with those before."""

    dependencies: str
    steps: tuple[Step, ...]
    targets: Path

    @property
    def n_tests(self) -> int:
        return sum(len(step.cases) for step in self.steps if step.is_scored)

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        targets = [read_targets(self.targets, step, task_id) for step in self.steps]
        return tuple([await self._grade(box, one, targets, task_id) for one in programs])

    async def _grade(
        self, box: Sandbox, program: str, targets: Sequence[Sequence[object]], task_id: str
    ) -> Grade:
        codes = codes_of(program, len(self.steps))
        numbers = [n for n, step in enumerate(self.steps) if step.is_scored]
        jobs = [self._job(codes, n, targets[n]) for n in numbers]
        seen = await run(box, jobs, task_id)
        right = [one.outcome is Outcome.RETURNED and one.value is True for one in seen]
        first = next((one for one, ok in zip(seen, right, strict=True) if not ok), None)
        return Grade(
            passed=all(right),
            n_passed=sum(right),
            n_tests=len(right),
            first_failure=None if first is None else _kind(first.exception, first.outcome),
            marks={"steps": sum(right) / len(right) if right else 1.0},
        )

    def _job(self, codes: Sequence[str], n: int, targets: Sequence[object]) -> Job:
        parts = [self.dependencies, *codes[: n + 1], CHECK]
        call = Call(entry="_atlas_step", args=(list(self.steps[n].cases), list(targets)))
        return Job(code="\n\n".join(parts), form=call, limits=LIMITS)


def _kind(exception: Any, outcome: Outcome) -> str:
    is_assert = exception is not None and exception.type == "AssertionError"
    return "wrong_answer" if is_assert else outcome.value


def codes_of(program: str, n: int) -> list[str]:
    """One text per step; an answer that is no such list is one text for all of them."""
    try:
        codes = json.loads(program)
    except (ValueError, RecursionError):
        codes = [program]
    if not isinstance(codes, list) or not all(isinstance(one, str) for one in codes):
        codes = [program]
    return (codes + [""] * n)[:n]


class SciCodeSuite:
    sources = (SCICODE,)
    conventions = ("without-background", "with-background")
    least_tests = 1

    def recognises(self, path: Path) -> bool:
        return {"sub_steps", "problem_id", "required_dependencies"} <= set(first_row(path))

    def read(self, paths: Sequence[Path], options: Options) -> Iterator[Pair]:
        for path in paths:
            if path.name == TARGETS:
                continue
            for number, row in read_rows(path):
                where = f"{path} line {number}"
                yield _pair(row, path.parent, options.convention, where)


SUITE = SciCodeSuite()


def _pair(row: Json, folder: Path, convention: str, where: str) -> Pair:
    task_id = str(row.get("problem_id"))
    rows = [dict(step) for step in list_of(row, "sub_steps", where)]
    if not rows:
        raise SuiteError(f"{where}: problem {task_id} has no steps")
    steps = tuple(
        Step(
            number=text_of(one, "step_number", where),
            cases=tuple(map(str, list_of(one, "test_cases", where))),
        )
        for one in rows
    )
    dependencies = text_of(row, "required_dependencies", where, empty=True)
    shown = [_shown(one, folder, convention, where) for one in rows]
    public = PublicTask(
        task_id=task_id,
        part="SciCode",
        kind="steps",
        source=str(row.get("problem_description_main") or ""),
        more={"dependencies": dependencies, "steps": shown},
    )
    grader = StepsGrader(dependencies=dependencies, steps=steps, targets=folder / TARGETS)
    return public, Hidden(task_id=task_id, grader=grader)


def _shown(step: Json, folder: Path, convention: str, where: str) -> Json:
    """A step without its tests; with its code where upstream gives it."""
    number = text_of(step, "step_number", where)
    with_background = convention == "with-background"
    given = folder / f"{number}.txt"
    is_given = number in GIVEN and given.exists()
    return {
        "number": number,
        "description": text_of(step, "step_description_prompt", where),
        "background": str(step.get("step_background") or "") if with_background else "",
        "header": text_of(step, "function_header", where),
        "return_line": str(step.get("return_line") or ""),
        "given": given.read_text(encoding="utf-8") if is_given else "",
    }


# --- targets -------------------------------------------------------------------------------------


def read_targets(path: Path, step: Step, task_id: str) -> list[object]:
    """The target of each test of a step, as plain values that `_atlas_made` builds up again.

    Raises BadTask where the file or the step in it is not there.
    """
    if not step.is_scored or not step.cases:
        return []
    try:
        import h5py
    except ImportError as exc:
        raise BadTask("SciCode's targets need h5py: pip install 'atlas-lsp[science]'") from exc
    try:
        with h5py.File(path, "r") as file:
            tests = [f"{step.number}/test{n + 1}" for n in range(len(step.cases))]
            return [_target(file[name]) for name in tests]
    except (OSError, KeyError) as exc:
        raise BadTask(f"{task_id}: {path} has no targets of step {step.number}: {exc}") from exc


def _target(group: Any) -> object:
    values = [_value(group[name]) for name in group]
    return values[0] if len(values) == 1 else ("tuple", values)


def _value(node: Any) -> object:
    """A data set, or a group that stands for a list, a dict or a sparse matrix."""
    if not hasattr(node, "keys"):
        return _plain(node[()])
    if "list" in node:
        return ("list", [_plain(node["list"][name][()]) for name in node["list"]])
    if "sparse_matrix" in node:
        return _sparse(node["sparse_matrix"])
    return ("dict", [[_key(name), _item(node[name])] for name in node])


def _item(node: Any) -> object:
    return _sparse(node["sparse_matrix"]) if hasattr(node, "keys") else _plain(node[()])


def _sparse(group: Any) -> object:
    return ("sparse", [[name, _plain(group[name][()])] for name in group])


def _key(name: str) -> object:
    try:
        return float(name)
    except ValueError:
        return name


def _plain(value: Any) -> object:
    if isinstance(value, bytes):
        return value.decode()
    if getattr(value, "shape", None):
        if value.dtype.kind in "SO":
            return ("list", [_plain(one) for one in value.ravel().tolist()])
        return ("array", str(value.dtype), list(value.shape), value.ravel().tolist())
    return ("scalar", str(value.dtype), value.item()) if hasattr(value, "dtype") else value


CHECK = """
def _atlas_made(value):
    if not isinstance(value, tuple):
        return value
    import numpy
    kind, *rest = value
    if kind == "array":
        return numpy.array(rest[2], dtype=rest[0]).reshape(rest[1])
    if kind == "scalar":
        return numpy.dtype(rest[0]).type(rest[1])
    if kind == "sparse":
        return _atlas_sparse({name: _atlas_made(one) for name, one in rest[0]})
    if kind == "dict":
        return {name: _atlas_made(one) for name, one in rest[0]}
    items = [_atlas_made(one) for one in rest[0]]
    return tuple(items) if kind == "tuple" else items


def _atlas_sparse(parts):
    import scipy.sparse as sparse
    shape = tuple(int(n) for n in parts["shape"])
    if "row" in parts:
        return sparse.coo_matrix((parts["data"], (parts["row"], parts["col"])), shape=shape)
    triple = (parts["data"], parts["indices"], parts["indptr"])
    if "blocksize" in parts:
        size = tuple(int(n) for n in parts["blocksize"])
        return sparse.bsr_matrix(triple, shape=shape, blocksize=size)
    return sparse.csr_matrix(triple, shape=shape)


def _atlas_close(a, b):
    import numpy
    if hasattr(a, "toarray"):
        a = a.toarray()
    if hasattr(b, "toarray"):
        b = b.toarray()
    if isinstance(a, (bool, str)):
        return a == b
    try:
        return bool(numpy.allclose(a, b, rtol=1e-5, atol=1e-8))
    except (ValueError, TypeError):
        return bool(a == b)


def cmp_tuple_or_list(a, b):
    if len(a) != len(b):
        return False
    return all(
        are_dicts_close(x, y) if isinstance(x, dict) else _atlas_close(x, y) for x, y in zip(a, b)
    )


def are_dicts_close(a, b, atol=1e-8, rtol=1e-5):
    a, b = ({str(k) if type(k).__name__ == "Symbol" else k:
             str(v) if type(v).__name__ == "Symbol" else v for k, v in d.items()} for d in (a, b))
    return a.keys() == b.keys() and all(_atlas_close(a[k], b[k]) for k in a)


def _atlas_step(cases, targets):
    import sys
    import types
    module = types.ModuleType("scicode.compare.cmp")
    module.cmp_tuple_or_list, module.are_dicts_close = cmp_tuple_or_list, are_dicts_close
    for name in ("scicode", "scicode.compare"):
        sys.modules.setdefault(name, types.ModuleType(name))
    sys.modules["scicode.compare.cmp"] = module
    for case, target in zip(cases, targets):
        space = globals()
        space["target"] = _atlas_made(target)
        exec(compile(case, "case.py", "exec"), space)
    return True
"""
"""The tests of one step, run beside its code."""
