"""Self-tests: calls that we make up, with results that the model predicts from the docstring.

The model is shown signature and docstring, never a body, and inputs and outputs are made apart
(TestChain, arXiv 2404.13340). How far its predictions can be trusted is measured on the task
itself: the results of visible examples are masked and asked for. A self-test may veto and rank
candidates; it never overrules a visible test.
"""

from __future__ import annotations

import ast
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.core.ask import ask, user
from pipeline.core.calls import VisibleTest, source_of
from pipeline.core.context import Context
from pipeline.core.events import StageEnded, StageStarted
from pipeline.core.task import Task
from pipeline.generate.plans import strings_in
from pipeline.inputs.mutated import mutated_calls
from pipeline.models.api import Completion, Request, Sampling
from pipeline.prompts import render
from pipeline.syntax.literals import literal
from pipeline.syntax.text import parse
from sandbox.api import Call, Policy, Returns, Test
from sandbox.verdicts import equal

LEAST_R = 0.6
"""An expected output that is less reliable is dropped; its input is kept."""
N_VOTES = 3
N_TESTS = 6
MOST_MASKED = 8
PER_OUTPUT = 48
"""Tokens of one predicted output."""
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"outputs": {"type": "array", "items": {"type": "string"}}},
        "required": ["outputs"],
    }
)


@dataclass(frozen=True, kw_only=True)
class SelfTest:
    """A call and what the model thinks it gives."""

    call: Call
    source: str
    value: object
    share: float
    """Of the votes."""
    r: float
    """Estimated probability that `value` is right."""

    @property
    def test(self) -> Test:
        return Test(
            test_id=f"self:{self.source}",
            form=self.call,
            expect=Returns(value=self.value, policy=Policy.FLOAT),
        )


@dataclass(frozen=True, kw_only=True)
class Property:
    """A relation between input and output that every visible example keeps."""

    name: str
    holds: Callable[[Call, object], bool | None]
    """None where it says nothing about this call."""


@dataclass(frozen=True, kw_only=True)
class SelfTests:
    """What was made up for one task; `detail` says why where that is nothing."""

    tests: tuple[SelfTest, ...] = ()
    """Most reliable first."""
    inputs: tuple[Call, ...] = ()
    """Calls whose outputs were dropped; good for comparing candidates."""
    properties: tuple[Property, ...] = ()
    r: float | None = None
    """Measured on masked examples (Laplace); None where that was not possible."""
    n_masked: int = 0
    detail: str = "not asked for"


async def self_tests(ctx: Context, task: Task, inputs: Sequence[Call] = ()) -> SelfTests:
    """Made-up tests with their reliability; abstains with a reason where it cannot be estimated.

    On `inputs`, the shortest first, or else on mutations of the visible ones.
    Raises ModelError when the backend breaks.
    """
    ctx.emit(StageStarted(stage="self_tests"))
    found = await _made(ctx, task, inputs)
    numbers = {"r": found.r, "masked": found.n_masked, "tests": len(found.tests)}
    acted = bool(found.tests or found.properties)
    ctx.emit(StageEnded(stage="self_tests", acted=acted, detail=found.detail, numbers=numbers))
    return found


async def _made(ctx: Context, task: Task, given: Sequence[Call]) -> SelfTests:
    known = task.results
    properties = properties_of(known)
    near = given or mutated_calls(task.calls, seed=ctx.settings.seed, n=4 * N_TESTS)
    inputs = tuple(sorted(near, key=lambda call: len(repr(call)))[:N_TESTS])
    text = spoken(task)
    if not known or task.kind == "stdio" or text is None:
        why = "reliability cannot be estimated: no visible example with a literal result"
        return SelfTests(inputs=inputs, properties=properties, detail=why)
    r, n_masked = await _reliability(ctx, task, text, known)
    if r is None:
        why = "reliability cannot be estimated: the model gave no readable outputs"
        return SelfTests(inputs=inputs, properties=properties, detail=why)
    shared = SelfTests(inputs=inputs, properties=properties, r=r, n_masked=n_masked, detail="")
    if r < LEAST_R:
        why = f"the model is right on too few masked examples (r {r:.2f}); its outputs are dropped"
        return _with(shared, (), inputs, why)
    tests = await _voted(ctx, text, inputs, r)
    kept = {test.source for test in tests}
    rest = tuple(call for call in inputs if source_of(call) not in kept)
    return _with(
        shared, tests, rest, f"{len(tests)} self-tests, r {r:.2f} from {n_masked} examples"
    )


def _with(
    made: SelfTests, tests: tuple[SelfTest, ...], inputs: tuple[Call, ...], detail: str
) -> SelfTests:
    return SelfTests(
        tests=tests,
        inputs=inputs,
        properties=made.properties,
        r=made.r,
        n_masked=made.n_masked,
        detail=detail,
    )


# --- how reliable the model is on this task --------------------------------

Known = tuple[Call, object]


async def _reliability(
    ctx: Context, task: Task, text: str, known: Sequence[Known]
) -> tuple[float | None, int]:
    """(hits + 1) / (n + 2) over masked examples, each half asked with the other half in sight."""
    masked = list(known[:MOST_MASKED])
    halves = [masked[::2], masked[1::2]] if len(masked) > 1 else [masked]
    requests = [
        _request(ctx, without_examples(text, task.visible, [c for c, _ in half]), half_calls, slot)
        for slot, half in enumerate(halves)
        if (half_calls := [c for c, _ in half])
    ]
    answers = await ask(ctx, "self_tests", requests)
    n = hits = 0
    for half, answer in zip(halves, answers, strict=False):
        outputs = _outputs(answer, len(half))
        for (_, value), output in zip(half, outputs, strict=False):
            n += 1
            hits += output is not None and equal(output[0], value, Policy.FLOAT)
    readable = any(_outputs(answer, 1) for answer in answers)
    return ((hits + 1) / (n + 2) if n and readable else None), n


def _request(ctx: Context, text: str, calls: Sequence[Call], slot: int) -> Request:
    is_voting = slot >= 10
    return Request(
        messages=user(
            render(
                "outputs",
                style=ctx.model.info.prompts,
                source=text.rstrip(),
                calls="\n".join(map(source_of, calls)),
            )
        ),
        seed=ctx.settings.seed * 1000 + 700 + slot,
        max_tokens=min(ctx.settings.max_tokens, 32 + PER_OUTPUT * len(calls)),
        sampling=Sampling(temperature=0.7) if is_voting else Sampling(),
        json_schema=SCHEMA,
    )


def _outputs(answer: Completion | None, n: int) -> list[tuple[object] | None]:
    """The predicted values; None for a text that is no literal."""
    texts = strings_in(answer, "outputs")[:n]
    read = [literal(text) for text in texts]
    return [None if one is None else (one.value,) for one in read]


async def _voted(ctx: Context, text: str, inputs: Sequence[Call], r: float) -> tuple[SelfTest, ...]:
    """The output that more than half of the votes give, where that is reliable enough."""
    if not inputs:
        return ()
    requests = [_request(ctx, text, inputs, 10 + vote) for vote in range(N_VOTES)]
    answers = await ask(ctx, "self_tests", requests)
    rows = [_outputs(answer, len(inputs)) for answer in answers]
    tests = []
    for i, call in enumerate(inputs):
        votes = [row[i] for row in rows if len(row) > i]
        test = _elected(call, votes, len(rows), r)
        if test is not None and test.r >= LEAST_R:
            tests.append(test)
    return tuple(sorted(tests, key=lambda test: -test.r))


def _elected(
    call: Call, votes: Sequence[tuple[object] | None], n: int, r: float
) -> SelfTest | None:
    counts = Counter(repr(vote[0]) for vote in votes if vote is not None)
    if not counts:
        return None
    text, most = counts.most_common(1)[0]
    if 2 * most <= n:
        return None
    value = next(vote[0] for vote in votes if vote is not None and repr(vote[0]) == text)
    share = most / n
    return SelfTest(
        call=call, source=source_of(call), value=value, share=share, r=combined(r, share, n)
    )


def combined(r: float, share: float, n_votes: int) -> float:
    """Mean of the log-odds of the task's reliability and of the (smoothed) share of the votes."""
    smoothed = (share * n_votes + 1) / (n_votes + 2)
    odds = (math.log(r / (1 - r)) + math.log(smoothed / (1 - smoothed))) / 2
    return 1 / (1 + math.exp(-odds))


# --- what the model is shown --------------------------------


def spoken(task: Task) -> str | None:
    """Signature and docstring without the body; None where there is no function to be read."""
    tree = parse(task.statement)
    if tree is None:
        return task.statement
    node = next(
        (n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)), None
    )
    if node is None:
        return None
    doc = ast.get_docstring(node, clean=False)
    end = (node.body[0].end_lineno or 0) if doc is not None else node.body[0].lineno - 1
    if doc is None and end < node.lineno:
        return None
    return "\n".join(task.statement.split("\n")[:end]) + "\n"


def without_examples(text: str, visible: Sequence[VisibleTest], masked: Sequence[Call]) -> str:
    """The text without every line that says what one of the masked calls gives."""
    hidden = {source_of(call).replace(" ", "") for call in masked}
    bare = {one.partition("#")[0].strip("`") for one in hidden}
    lines, kept, skipping = text.split("\n"), [], False
    for line in lines:
        stripped = line.strip()
        starts = stripped.startswith(">>>")
        if starts or not stripped or '"""' in stripped or "'''" in stripped:
            skipping = False
        if _says(stripped, bare, masked):
            skipping = starts
            if '"""' not in stripped and "'''" not in stripped:
                continue
        if not skipping:
            kept.append(line)
    return "\n".join(kept)


def _says(line: str, bare: set[str], masked: Sequence[Call]) -> bool:
    """Whether a line holds one of the calls, however it is spaced and quoted."""
    flat = line.replace(" ", "").replace('"', "'")
    if any(one.replace('"', "'") in flat for one in bare):
        return True
    arguments = [
        ",".join(map(repr, call.args)).replace(" ", "").replace('"', "'") for call in masked
    ]
    is_example = any(sign in line for sign in ("=>", "->", "➞", "==", "returns", "Input", "Output"))
    return is_example and any(argument and argument in flat for argument in arguments)


# --- properties --------------------------------


def properties_of(known: Sequence[Known]) -> tuple[Property, ...]:
    """The relations that all visible examples keep and at least two of them show."""
    return tuple(
        one
        for one in _PROPERTIES
        if (said := [h for call, value in known if (h := one.holds(call, value)) is not None])
        and len(said) >= 2
        and all(said)
    )


def broken_properties(
    properties: Sequence[Property], observed: Sequence[tuple[Call, object]]
) -> tuple[str, ...]:
    """Names of the properties that some observation breaks."""
    return tuple(
        one.name
        for one in properties
        if any(one.holds(call, value) is False for call, value in observed)
    )


def _collection(call: Call) -> list[object] | str | None:
    """The one list or text among the arguments."""
    found = [arg for arg in call.args if isinstance(arg, list | str)]
    return found[0] if len(found) == 1 else None


def _is_permutation(call: Call, value: object) -> bool | None:
    given = _collection(call)
    if given is None or len(given) < 2:
        return None
    if type(given) is not type(value) or not isinstance(value, list | str):
        return False
    return Counter(map(repr, given)) == Counter(map(repr, value))


def _keeps_length(call: Call, value: object) -> bool | None:
    given = _collection(call)
    if given is None or not given:
        return None
    return isinstance(value, list | str) and len(value) == len(given)


def _is_sorted(_call: Call, value: object) -> bool | None:
    if not isinstance(value, list) or len(value) < 3:
        return None
    numbers = [item for item in value if isinstance(item, int | float)]
    return len(numbers) == len(value) and numbers == sorted(numbers)


def _has_no_more(call: Call, value: object) -> bool | None:
    """Every item of the result is an item of the argument."""
    given = _collection(call)
    if given is None or not isinstance(value, list | str) or not value:
        return None
    if type(given) is not type(value):
        return False
    return not Counter(map(repr, value)) - Counter(map(repr, given))


def _has_no_twice(call: Call, value: object) -> bool | None:
    """No item twice, although the argument has one twice."""
    given = _collection(call)
    if given is None or len({repr(item) for item in given}) == len(given):
        return None
    return isinstance(value, list) and len({repr(item) for item in value}) == len(value)


_PROPERTIES = (
    Property(name="a permutation of its argument", holds=_is_permutation),
    Property(name="as long as its argument", holds=_keeps_length),
    Property(name="sorted", holds=_is_sorted),
    Property(name="made of items of its argument", holds=_has_no_more),
    Property(name="without repeated items", holds=_has_no_twice),
)
