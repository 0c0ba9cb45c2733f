"""What a run of the project's own tests reported, on the trusted side, and the verdict on it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox import codec
from sandbox.api import (
    Call,
    CallSeen,
    Entered,
    Expression,
    Observation,
    Opaque,
    Outcome,
    ProjectTests,
    TestEnd,
    TestSeen,
    VerdictKind,
)

_ENDS = {
    TestEnd.FAILED: VerdictKind.WRONG_ANSWER,
    TestEnd.ERROR: VerdictKind.RUNTIME_ERROR,
    TestEnd.MISSING_MODULE: VerdictKind.MISSING_MODULE,
    TestEnd.SKIPPED: VerdictKind.INVALID_TEST,
}
_MAX_TEXT = 2000
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def is_end(frame: Observation) -> bool:
    """Whether pytest came to its end, whatever that was."""
    return isinstance(frame.value, tuple) and frame.value[:1] == ("end",)


def merged_tests(form: ProjectTests, frames: Sequence[Observation]) -> Observation:
    """Field by field, because an untrusted process wrote them."""
    known: dict[int, Entered] = {}
    tests = tuple(seen for frame in frames if (seen := _test(frame.value, known)) is not None)
    parts = _versions([frame.value for frame in frames])
    last = frames[-1].value if frames else None
    begun = last[1] if isinstance(last, tuple) and last[:1] == ("begun",) else ""
    found = (_call(form.recorded, frame.value) for frame in frames)
    calls = tuple(call for call in found if call is not None)
    return Observation(
        outcome=Outcome.RETURNED, tests=tests, parts=parts, calls=calls, last_begun=str(begun)
    )


def _test(value: object, known: dict[int, Entered]) -> TestSeen | None:
    match value:
        case ("function", int(number), str(path), int(line), str(name)):
            known[number] = Entered(path=path, line=line, name=name)
        case (
            "test",
            str(node_id),
            str(end),
            str(message),
            float(took_s),
            list(entered),
            list(stack),
        ):
            if end in _NAMES:
                return TestSeen(
                    node_id=node_id,
                    end=TestEnd(end),
                    message=message[:_MAX_TEXT],
                    duration_s=took_s,
                    entered=_functions(entered, known),
                    stack=_functions(stack, known),
                )
    return None


def _functions(numbers: list[object], known: dict[int, Entered]) -> frozenset[Entered]:
    return frozenset(known[n] for n in numbers if isinstance(n, int) and n in known)


def _call(entry: str, value: object) -> CallSeen | None:
    match value:
        case ("call", str(kind), bytes(data), str(shown), None | bytes() as result, str(raised)):
            form = _replayed(entry, kind, data)
            if form is None or (result is None and not raised):
                return None
            try:
                found = None if result is None else codec.decode(result, opaque=Opaque)
            except codec.CodecError:
                return None
            written = f"{entry}({_ADDRESS.sub('', shown)})"[:_MAX_TEXT]
            return CallSeen(form=form, shown=written, value=found, raised=raised)
    return None


def _replayed(entry: str, kind: str, data: bytes) -> Call | Expression | None:
    if kind == "pickled":
        # Read where it was written: in the sandbox.
        lines = ("import pickle", f"_args, _kwargs = pickle.loads({data!r})")
        return Expression(source="\n".join((*lines, f"{entry}(*_args, **_kwargs)")))
    try:
        given = codec.decode(data, opaque=Opaque)
    except codec.CodecError:
        return None
    match given:
        case (tuple(args), dict(kwargs)) if all(isinstance(name, str) for name in kwargs):
            if "." in entry:
                # A Call would make an object first.
                return Expression(source=f"{entry}(*{args!r}, **{kwargs!r})")
            return Call(entry=entry, args=args, kwargs=kwargs)
    return None


def _versions(values: Sequence[object]) -> tuple[Observation, ...]:
    """One for each version that came to its end, with the tests in the order they ran."""
    names: list[str] = []
    parts: list[Observation] = []
    for value in values:
        match value:
            case ("items", list(ids)):
                names = [str(one) for one in ids]
            case ("version", str(outcome), list(ends), float(cpu_s)) if outcome in _OUTCOMES:
                pairs = zip(names, ends, strict=False)
                tests = tuple(TestSeen(node_id=n, end=TestEnd(e)) for n, e in pairs if e in _NAMES)
                parts.append(Observation(outcome=Outcome(outcome), tests=tests, cpu_s=cpu_s))
    return tuple(parts)


_OUTCOMES = (Outcome.RETURNED, Outcome.TIMEOUT_CPU, Outcome.CRASH, Outcome.NOT_RUN)
_NAMES = tuple(end.value for end in TestEnd)


def judge_tests(form: ProjectTests, seen: Observation) -> tuple[VerdictKind, str, int, int]:
    """The kind, a line about the first test that did not pass, and how many passed, of how many.

    A test that was skipped, or never reached, is none that passed.
    """
    n_passed = sum(test.end is TestEnd.PASSED for test in seen.tests)
    missing = [one for one in form.node_ids if not any(_is_of(t.node_id, one) for t in seen.tests)]
    n_all = sum("::" in test.node_id for test in seen.tests) + len(missing)
    bad = sorted((t for t in seen.tests if t.end in _ENDS), key=lambda t: list(_ENDS).index(t.end))
    if bad:
        message = " ".join(bad[0].message.split())[:300]
        return _ENDS[bad[0].end], f"{bad[0].node_id} {bad[0].end.value}: {message}", n_passed, n_all
    if missing or not n_all:
        what = missing[0] if missing else "no test"
        return VerdictKind.NO_RESULT, f"{what} was not run", n_passed, n_all
    return VerdictKind.PASS, "", n_passed, n_all


def _is_of(node_id: str, wanted: str) -> bool:
    """Whether the test is what was asked for, or one of a class, a file or parameters that was."""
    return node_id == wanted or node_id.startswith((f"{wanted}::", f"{wanted}[", f"{wanted}/"))
