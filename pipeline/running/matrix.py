"""Programs x inputs: what each did, read by everyone who compares behaviour.

Each distinct program runs once on all inputs, many calls in one process; what ran before in the
same job is remembered (`remembered`), so another matrix costs only what is new in it.
What it does not cover: a part of a batch may see what an earlier part left behind.
"""

from __future__ import annotations

import ast
import asyncio
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.core.calls import source_of
from pipeline.core.task import Task
from pipeline.inputs.mutated import mutated_calls
from pipeline.inputs.stdin import mutated_stdins
from pipeline.inputs.typed import edge_calls, guessed_calls, slots_of, typed_calls
from pipeline.syntax.text import parse
from sandbox.api import (
    BROKEN_MACHINERY,
    Batch,
    Call,
    Expression,
    Job,
    Limits,
    Observation,
    Opaque,
    Outcome,
    Program,
    Proof,
    Sandbox,
    Test,
    TestCode,
    Verdict,
)
from sandbox.verdicts import judge, proof_of, run_twice

FORMAT = "atlas-matrix-2"
QUICK = Limits(cpu_s=0.2, wall_s=3.0)
PROGRAM = Limits(cpu_s=4.0, wall_s=12.0, memory_mb=256)
N_GENERATED, N_MUTATED, N_TYPED, N_GUESSED, N_EDGE, N_STDIN = 60, 24, 12, 36, 12, 10
LONGEST = 400
"""Characters of a made input's repr; longer ones are left out."""
CHUNKS = (3, 12, 36, 200)
"""Sizes of the batches: a program that hangs shows it before it has cost much."""
MAX_TIMEOUTS = 2
TAKEN = 0.8
"""A guessed input counts if at least so many can take it, of those that take the best one."""
N_SCOUTS = 5
RETURNED, RAISED = "= ", "raises "
"""How the text of a returned value begins, and that of an exception."""
HUNG, BROKEN, UNRUN = "hangs", "broken", ""
"""Behaviours that were not seen: assumed after time-outs, failed machinery, not asked."""

Form = Call | Expression | Program


@dataclass(frozen=True, kw_only=True)
class Column:
    """One input and why it is there: `visible`, `generated`, or made from one of these
    (`near-visible`, `near-generated`), from the annotations (`typed`), or from nothing (`guessed`).
    """

    form: Form
    source: str


@dataclass(frozen=True, kw_only=True)
class ColumnTest:
    """A test about one column; `group` is the sample that wrote it (0 for visible ones)."""

    column: int
    test: Test
    group: int = 0


@dataclass(frozen=True, kw_only=True)
class MatrixPlan:
    """What will be run on every program of a task."""

    columns: tuple[Column, ...]
    tests: tuple[Test, ...] = ()
    """The visible ones."""
    generated: tuple[ColumnTest, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Rows are distinct programs, `row_of` says which one a candidate is."""

    task_id: str
    row_of: tuple[int, ...]
    inputs: tuple[str, ...]
    """As a person would write them."""
    sources: tuple[str, ...]
    behaviours: tuple[tuple[str, ...], ...]
    """[row][input]: `= value`, `raises Type`, an outcome; equal texts mean equal behaviour."""
    visible: tuple[tuple[int, ...], ...]
    """[row][example]: 1 passed (twice, where the whole row did), 0 failed, -1 no evidence."""
    generated: tuple[tuple[int, ...], ...]
    """[row][generated test], the same way."""
    groups: tuple[int, ...] = ()
    """The sample that each generated test came from."""
    test_inputs: tuple[int, ...] = ()
    """The input of each generated test."""
    counts: tuple[int, ...] = ()
    """How many samples wrote this very test."""
    can_prove: bool = True
    """No visible test shares a process with the candidate."""
    forms: tuple[Form, ...] = field(default=(), compare=False)
    """The inputs themselves; none in a matrix that was kept on disk."""

    def rows(self, candidates: Iterable[int]) -> tuple[int, ...]:
        return tuple(self.row_of[index] for index in candidates)

    def columns(self, rows: Sequence[int], kinds: Sequence[str]) -> list[int]:
        """The inputs that may be used with these kinds of evidence; where there are none, those
        guesses that most of the rows can take.
        """
        given = [i for i, source in enumerate(self.sources) if _may_use(source, kinds)]
        guesses = [i for i, source in enumerate(self.sources) if source == "guessed"]
        if given or not guesses:
            return given
        texts = [[self.behaviours[row][i] for row in rows] for i in guesses]
        taken = [sum(t.startswith(RETURNED) and t != "= None" for t in one) for one in texts]
        return [i for i, n in zip(guesses, taken, strict=True) if n and n >= TAKEN * max(taken)]

    def behaviours_of(self, candidates: Sequence[int], kinds: Sequence[str]) -> Behaviours:
        """What these candidates do on the inputs that may be used."""
        rows = self.rows(candidates)
        columns = self.columns(rows, kinds)
        return Behaviours(
            inputs=tuple(self.forms[i] for i in columns),
            rows=tuple(tuple(self.behaviours[row][i] for i in columns) for row in rows),
        )


def _may_use(source: str, kinds: Sequence[str]) -> bool:
    kind = source.removeprefix("near-")
    return kind == "typed" or kind in kinds


@dataclass(frozen=True, kw_only=True)
class Behaviours:
    """A part of a matrix: one row per candidate; equal texts mean equal behaviour."""

    inputs: tuple[Form, ...]
    rows: tuple[tuple[str, ...], ...]

    def clusters(self) -> tuple[tuple[int, ...], ...]:
        """Indices of candidates that did the same everywhere, in order of the first one."""
        groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for index, row in enumerate(self.rows):
            groups[row].append(index)
        return tuple(map(tuple, groups.values()))

    def difference(self, one: int, other: int) -> tuple[Form, str, str] | None:
        """The shortest input on which two candidates differ, with both outputs."""
        rows = zip(self.inputs, self.rows[one], self.rows[other], strict=True)
        differing = [(form, a, b) for form, a, b in rows if a != b]
        return min(differing, key=lambda found: len(repr(found[0])), default=None)


# --- what to run ---------------------------------------------------------------------------------


def plan_of(
    task: Task,
    generated: Sequence[Sequence[Test]] = (),
    *,
    seed: int = 0,
    more: Sequence[Program] = (),
) -> MatrixPlan:
    """Visible inputs, those of generated tests, and new ones near them; costs no token.

    `more` are inputs that someone made from the statement and its samples.
    """
    columns: dict[str, Column] = {}
    _visible(task, columns)
    near = _calls(columns)
    noisy = _generated(generated, columns)
    nearby = _calls(columns)[len(near) :]
    _extend(columns, "near-visible", _new_inputs(task, near, seed))
    for form in more:
        _add(columns, form, "near-visible")
    if nearby:
        _extend(columns, "near-generated", mutated_calls(nearby, seed=seed, n=N_MUTATED))
        _extend(columns, "near-generated", edge_calls(nearby[:8], n=N_EDGE))
    if task.kind != "stdio":
        slots = slots_of(task.statement, task.entry_point)
        typed = typed_calls(task.entry_point, slots, seed=seed, n=N_TYPED)
        _extend(columns, "typed", typed)
        if not (typed or near or nearby):
            guessed = guessed_calls(task.entry_point, slots, seed=seed, n=N_GUESSED)
            _extend(columns, "guessed", guessed)
    return MatrixPlan(columns=tuple(columns.values()), tests=task.tests, generated=noisy)


def _visible(task: Task, columns: dict[str, Column]) -> None:
    """The inputs of the visible tests."""
    for call in task.calls:
        _add(columns, call, "visible")
    for test in task.tests:
        if isinstance(test.form, Expression | Program):
            _add(columns, test.form, "visible")


def _add(columns: dict[str, Column], form: Form, source: str) -> int:
    """The column of this input; a new one where it is new."""
    columns.setdefault(repr(form), Column(form=form, source=source))
    return list(columns).index(repr(form))


def _calls(columns: Mapping[str, Column]) -> list[Call]:
    return [one.form for one in columns.values() if isinstance(one.form, Call)]


def _generated(
    groups: Sequence[Sequence[Test]], columns: dict[str, Column]
) -> tuple[ColumnTest, ...]:
    """Those that are one call; no more inputs than N_GENERATED, those asked most often first."""
    asked: dict[str, list[tuple[int, Test]]] = {}
    for index, group in enumerate(groups):
        for test in group:
            if not isinstance(test.form, TestCode) and len(repr(test.form)) <= 4 * LONGEST:
                asked.setdefault(repr(test.form), []).append((index, test))
    often = sorted(asked.values(), key=lambda found: -len(found))[:N_GENERATED]
    return tuple(
        ColumnTest(column=_add(columns, test.form, "generated"), test=test, group=index)
        for found in often
        for index, test in found
        if isinstance(test.form, Call | Expression)
    )


def _new_inputs(task: Task, near: Sequence[Call], seed: int) -> list[Form]:
    if task.kind == "stdio":
        return [*mutated_samples(task, seed)]
    return [*mutated_calls(near, seed=seed, n=N_MUTATED), *edge_calls(near, n=N_EDGE)]


def mutated_samples(task: Task, seed: int) -> tuple[Program, ...]:
    """New inputs for a program, near those of its visible tests."""
    samples = [v.test.form.stdin for v in task.visible if isinstance(v.test.form, Program)]
    texts = [sample.decode("utf-8", "replace") for sample in samples]
    made = mutated_stdins(texts, seed=seed, n=N_STDIN)
    return tuple(Program(stdin=text.encode()) for text in made)


def _extend(columns: dict[str, Column], source: str, forms: Iterable[Form]) -> None:
    for form in forms:
        if len(repr(form)) <= LONGEST:
            columns.setdefault(repr(form), Column(form=form, source=source))


# --- running ---------------------------------------------------------------------------------


async def matrix_of(
    sandbox: Sandbox,
    task_id: str,
    plan: MatrixPlan,
    programs: Sequence[str],
    *,
    only_survivors: bool = False,
    group: str = "",
) -> Matrix:
    """Run every distinct program once; made inputs that no scout can take are dropped.

    With `only_survivors` the made inputs run only on programs that pass every visible test,
    where there are any: programs cost a process for each input.
    """
    distinct, row_of = deduplicated(programs)
    run = _Runner(sandbox, plan, group)
    seen: dict[int, dict[int, Observation]] = {row: {} for row in range(len(distinct))}
    judged = await judged_rows(sandbox, distinct, plan.tests, group=group)
    given = [i for i, c in enumerate(plan.columns) if c.source in ("visible", "generated")]
    made = [i for i, c in enumerate(plan.columns) if c.source not in ("visible", "generated")]
    await run.fill({row: given for row in seen}, distinct, seen)
    able = [row for row in seen if judged[row] and all(v.passed for v in judged[row])]
    wanted = able if only_survivors and able else list(seen)
    scouts = _scouts(row_of, wanted)
    await run.fill({row: made for row in scouts}, distinct, seen)
    valid = [i for i in made if _is_valid(i, scouts, seen)]
    others = [row for row in wanted if row not in scouts]
    await run.fill({row: valid for row in others}, distinct, seen)
    return _matrix(task_id, plan, row_of, seen, judged, [*given, *valid])


async def judged_rows(
    sandbox: Sandbox, programs: Sequence[str], tests: Sequence[Test], *, group: str = ""
) -> list[tuple[Verdict, ...]]:
    """Of each program its verdicts on the tests; who passes all is run a second time, to prove it.

    What fails once needs no proof.
    """
    return await asyncio.gather(*(run_twice(sandbox, p, tests, group=group) for p in programs))


def deduplicated(programs: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Distinct programs by their syntax tree without docstrings, and the one of each candidate."""
    index: dict[str, int] = {}
    distinct: list[str] = []
    row_of = []
    for program in programs:
        key = _normal(program)
        if key not in index:
            index[key] = len(distinct)
            distinct.append(program)
        row_of.append(index[key])
    return tuple(distinct), tuple(row_of)


def _normal(program: str) -> str:
    tree = parse(program)
    if tree is None:
        return "text " + hashlib.sha256(program.encode("utf-8", "surrogatepass")).hexdigest()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1 and _is_docstring(body[0]):
            del body[0]
    return hashlib.sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


class _Runner:
    """Chunks of columns on many programs at once; one that hangs too often is stopped."""

    def __init__(self, sandbox: Sandbox, plan: MatrixPlan, group: str) -> None:
        self._sandbox = sandbox
        self._plan = plan
        self._group = group

    async def fill(
        self,
        asked: Mapping[int, Sequence[int]],
        programs: Sequence[str],
        seen: dict[int, dict[int, Observation]],
    ) -> None:
        """Fill `seen[row][column]` for the asked columns."""
        await asyncio.gather(
            *(self._one(programs[row], columns, seen[row]) for row, columns in asked.items())
        )

    async def _one(
        self, program: str, columns: Sequence[int], seen: dict[int, Observation]
    ) -> None:
        for chunk in _chunks(columns):
            n_hung = sum(_is_timeout(one) for one in seen.values())
            if n_hung >= MAX_TIMEOUTS:
                seen.update((i, Observation(outcome=Outcome.TIMEOUT_CPU)) for i in chunk)
                continue
            seen.update(zip(chunk, await self._observed(program, chunk), strict=True))

    async def _observed(self, program: str, chunk: Sequence[int]) -> Sequence[Observation]:
        forms = [self._plan.columns[i].form for i in chunk]
        if isinstance(forms[0], Program):
            jobs = [Job(code=program, form=form, limits=PROGRAM) for form in forms]
            return await self._sandbox.run(jobs, group=self._group)
        parts = tuple(form for form in forms if not isinstance(form, Program))
        job = Job(code=program, form=Batch(parts=parts), limits=QUICK)
        (whole,) = await self._sandbox.run([job], group=self._group)
        return whole.parts if len(whole.parts) == len(parts) else [whole] * len(parts)


def _chunks(columns: Sequence[int]) -> list[Sequence[int]]:
    chunks, at = [], 0
    sizes = iter(CHUNKS)
    while at < len(columns):
        size = next(sizes, CHUNKS[-1])
        chunks.append(columns[at : at + size])
        at += size
    return chunks


def _passed(test: Test, seen: Observation) -> int:
    return _as_int(judge(test, seen))


def _as_int(verdict: Verdict) -> int:
    return int(verdict.passed) if verdict.is_evidence else -1


def _scouts(row_of: Sequence[int], rows: Sequence[int]) -> list[int]:
    """The programs that were written most often."""
    return sorted(rows, key=lambda row: -row_of.count(row))[:N_SCOUTS]


def _is_valid(
    column: int, scouts: Sequence[int], seen: Mapping[int, Mapping[int, Observation]]
) -> bool:
    """Some scout takes the input; one that only hangs or fails says nothing, unless all do."""
    useful = [r for r in scouts if any(o.outcome is Outcome.RETURNED for o in seen[r].values())]
    found = [seen[row][column] for row in useful]
    return not found or any(one.outcome is Outcome.RETURNED for one in found)


def _is_timeout(one: Observation) -> bool:
    return one.outcome in (Outcome.TIMEOUT_CPU, Outcome.TIMEOUT_WALL)


def _matrix(
    task_id: str,
    plan: MatrixPlan,
    row_of: tuple[int, ...],
    seen: Mapping[int, Mapping[int, Observation]],
    judged: Sequence[Sequence[Verdict]],
    kept: Sequence[int],
) -> Matrix:
    place = {column: at for at, column in enumerate(kept)}
    tests, counts = _merged(plan.generated)
    return Matrix(
        task_id=task_id,
        row_of=row_of,
        inputs=tuple(source_of(plan.columns[i].form) for i in kept),
        sources=tuple(plan.columns[i].source for i in kept),
        behaviours=tuple(
            tuple(behaviour(found[i]) if i in found else UNRUN for i in kept)
            for found in seen.values()
        ),
        visible=tuple(tuple(_each_example(verdicts)) for verdicts in judged),
        generated=tuple(
            tuple(_passed(c.test, found[c.column]) for c in tests) for found in seen.values()
        ),
        groups=tuple(c.group for c in tests),
        test_inputs=tuple(place[c.column] for c in tests),
        counts=counts,
        can_prove=all(proof_of(test) is not Proof.SHARED for test in plan.tests),
        forms=tuple(plan.columns[i].form for i in kept),
    )


def _each_example(verdicts: Sequence[Verdict]) -> Iterable[int]:
    """A doctest counts its examples."""
    for one in verdicts:
        whole = _as_int(one)
        n_good = one.passed_examples if whole == 0 else 0
        yield from (1,) * n_good + (whole,) * (one.n_examples - n_good)


def _merged(checks: Sequence[ColumnTest]) -> tuple[tuple[ColumnTest, ...], tuple[int, ...]]:
    """Each distinct test once, with the number of samples that wrote it."""
    by_text: dict[str, list[ColumnTest]] = {}
    for check in checks:
        by_text.setdefault(f"{check.column} {check.test.expect!r}", []).append(check)
    first = tuple(found[0] for found in by_text.values())
    return first, tuple(len({c.group for c in found}) for found in by_text.values())


async def behaviours_on(
    sandbox: Sandbox, programs: Sequence[str], calls: Sequence[Call], *, group: str = ""
) -> list[list[str]]:
    """[program][call] as texts; a batch that broke off says nothing of any call."""
    form = Batch(parts=tuple(calls))
    jobs = [Job(code=program, form=form, limits=QUICK) for program in programs]
    seen = await sandbox.run(jobs, group=group)
    rows = [[behaviour(part) for part in one.parts] for one in seen]
    return [row if len(row) == len(calls) else [BROKEN] * len(calls) for row in rows]


# --- behaviour as text ---------------------------------------------------------------------------


def behaviour(seen: Observation) -> str:
    """What was done, so that equal texts mean equal behaviour; floats to nine digits."""
    if seen.outcome in BROKEN_MACHINERY:
        return BROKEN
    if _is_timeout(seen):
        return HUNG
    if seen.outcome is Outcome.RETURNED:
        is_program = seen.value is None and seen.stdout
        return RETURNED + _short(printed(seen.stdout) if is_program else canonical(seen.value))
    if seen.outcome is Outcome.RAISED and seen.exception:
        return f"{RAISED}{seen.exception.type}"
    return str(seen.outcome)


def printed(stdout: bytes) -> str:
    """Program output without trailing blanks."""
    text = stdout.decode("utf-8", "replace").rstrip()
    return "\n".join(line.rstrip() for line in text.split("\n"))


def canonical(value: Any) -> str:
    """A text for a plain value; equal ones (1 and 1.0, a set in any order) give the same text."""
    match value:
        case bool() | None | str() | bytes() | int():
            return _int_text(value) if isinstance(value, int) else repr(value)
        case float():
            is_whole = math.isfinite(value) and value == int(value) and abs(value) < 1e15
            return str(int(value)) if is_whole else f"{value:.9g}"
        case list():
            return f"[{', '.join(map(canonical, value))}]"
        case tuple():
            return f"({', '.join(map(canonical, value))}{',' if len(value) == 1 else ''})"
        case set() | frozenset():
            return f"{{{', '.join(sorted(map(canonical, value)))}}}" if value else "set()"
        case dict():
            pairs = sorted(f"{canonical(k)}: {canonical(v)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        case Opaque():
            return f"a {value.type} object"
    return f"a {type(value).__name__}"


def _int_text(value: int) -> str:
    try:
        return repr(value)
    except ValueError:
        return hex(value)


def _short(text: str, limit: int = 300) -> str:
    """Bounded, and still different for different texts."""
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{text[: limit - 20]}...#{digest}"
