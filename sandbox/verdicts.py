"""Observation against expectation, on the trusted side; pure but for what awaits the sandbox.

Nothing of the candidate runs here: values are plain data that the codec built, and doctest texts
are text.
"""

from __future__ import annotations

import doctest
import math
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sandbox.api import (
    PROOF_SEED,
    Completes,
    Doctest,
    DoctestWants,
    Job,
    Observation,
    Opaque,
    Outcome,
    Policy,
    Prints,
    ProjectTests,
    Proof,
    Raises,
    Returns,
    Sandbox,
    Test,
    TestCode,
    Truthy,
    Verdict,
    VerdictKind,
)
from sandbox.checker import output_matches
from sandbox.closed import hint
from sandbox.lacks import without_false_claims
from sandbox.observe import TEST_FAULT
from sandbox.tests_seen import judge_tests

_TOLERANCE = 1e-6
_KIND_OF = {
    Outcome.RAISED: VerdictKind.RUNTIME_ERROR,
    **{o: VerdictKind(o.value) for o in Outcome if o.value in tuple(VerdictKind)},
}
_Found = tuple[VerdictKind, str]
_PASS: _Found = (VerdictKind.PASS, "")


async def run_tests(
    sandbox: Sandbox, code: str, tests: Sequence[Test], *, hash_seed: int = 0, group: str = ""
) -> tuple[Verdict, ...]:
    """Run each test on `code` and judge it here; verdicts in order."""
    jobs = [job_of(code, test, hash_seed) for test in tests]
    seen = await observed(sandbox, jobs, group=group)
    return tuple(judge(test, one) for test, one in zip(tests, seen, strict=True))


async def observed(
    sandbox: Sandbox, jobs: Sequence[Job], *, group: str = ""
) -> tuple[Observation, ...]:
    """What the jobs did, as far as it can be believed."""
    seen = await sandbox.run(jobs, group=group)
    return await without_false_claims(sandbox, jobs, seen, group=group)


async def run_twice(
    sandbox: Sandbox, code: str, tests: Sequence[Test], *, group: str = "", fresh: bool = True
) -> tuple[Verdict, ...]:
    """As `run_tests`; where all pass, again under another hash seed, in a worker that has run
    nothing yet (with `fresh`). A test that differs between them is FLAKY.

    What failed once needs no proof.
    """
    once = await run_tests(sandbox, code, tests, group=group)
    if not all(verdict.passed for verdict in once):
        return once
    word = secrets.token_hex(8) if fresh else ""
    jobs = [replace(job_of(code, test, PROOF_SEED), fresh=word) for test in tests]
    seen = await observed(sandbox, jobs, group=group)
    return tuple(
        _agreed(first, judge(test, again))
        for first, test, again in zip(once, tests, seen, strict=True)
    )


def job_of(code: str, test: Test, hash_seed: int = 0) -> Job:
    """Another hash seed is another order of the project's tests, too."""
    form = test.form
    if isinstance(form, ProjectTests) and hash_seed:
        form = replace(form, seed=hash_seed)
    return Job(code=code, form=form, limits=test.limits, hash_seed=hash_seed)


def _agreed(first: Verdict, second: Verdict) -> Verdict:
    """Of a pass and what came after it; machinery that broke hides nothing."""
    if not second.is_evidence:
        return second
    if second.passed:
        return first
    detail = (
        f"{first.kind.value} in a used worker, {second.kind.value} in a fresh one with another "
        f"hash seed: {second.detail}"
    )
    return replace(second, kind=VerdictKind.FLAKY, detail=detail)


def judge(test: Test, observation: Observation) -> Verdict:
    """The verdict on one observation; the same arguments always give the same one."""
    kind, detail, example = *_judged(test, observation), None
    proof = proof_of(test)
    if isinstance(test.form, Doctest) and isinstance(test.expect, DoctestWants):
        return _judge_doctest(test, test.form, test.expect, observation)
    if isinstance(test.form, ProjectTests) and observation.outcome is Outcome.RETURNED:
        return _judge_tests(test, test.form, observation)
    return Verdict(
        test_id=test.test_id,
        kind=kind,
        proof=proof,
        detail=detail,
        observation=observation,
        failing_line=example,
        passed_examples=int(kind is VerdictKind.PASS),
    )


def proof_of(test: Test) -> Proof:
    if isinstance(test.form, TestCode):
        return Proof.SEPARATE
    if isinstance(test.form, ProjectTests):
        return Proof.SHARED
    return Proof.SHARED if isinstance(test.expect, Truthy | Completes) else Proof.VALUES


def _judge_tests(test: Test, form: ProjectTests, seen: Observation) -> Verdict:
    kind, detail, n_passed, n_all = judge_tests(form, seen)
    return Verdict(
        test_id=test.test_id,
        kind=kind,
        proof=Proof.SHARED,
        detail=detail,
        observation=seen,
        passed_examples=n_passed,
        n_examples=n_all,
    )


def _judged(test: Test, seen: Observation) -> _Found:
    if isinstance(test.expect, Raises):
        return _judge_raises(test.expect, seen)
    if seen.outcome is not Outcome.RETURNED:
        return _failure(test, seen)
    match test.expect:
        case Returns(value=value, policy=policy):
            return _judge_value(seen.value, value, policy)
        case Truthy():
            ok = seen.value is True
            return (
                _PASS if ok else (VerdictKind.WRONG_ANSWER, f"gave {brief(seen.value)}, not True")
            )
        case Prints(stdout=text, policy=policy):
            return _judge_print(seen.stdout, text, policy)
        case Completes():
            return _PASS
        case _:
            return VerdictKind.INVALID_TEST, "doctest expectations need a doctest"


def _failure(test: Test, seen: Observation) -> _Found:
    is_test_code = isinstance(test.form, TestCode)
    if seen.detail.startswith(TEST_FAULT):
        return VerdictKind.INVALID_TEST, seen.detail
    if is_test_code and seen.exception and seen.exception.type == "AssertionError":
        return VerdictKind.WRONG_ANSWER, f"assertion failed: {_one_line(seen.exception.message)}"
    return _KIND_OF[seen.outcome], _why(seen)


def _why(seen: Observation, isolation: tuple[str, ...] = ()) -> str:
    """What was seen; with what is closed to it there, where that looks like the reason."""
    if seen.exception is None:
        return _one_line(seen.detail) or seen.outcome.value
    where = f" (line {seen.exception.lineno})" if seen.exception.lineno else ""
    closed = hint(seen.exception, isolation or seen.isolation)
    said = ": ".join(filter(None, map(_one_line, (seen.exception.type, seen.exception.message))))
    text = f"raised {said}{where}"
    return f"{text}; {closed}" if closed else text


def _judge_raises(expect: Raises, seen: Observation) -> _Found:
    if seen.exception is not None and same_exception(expect.type, seen.exception.type):
        return _PASS
    if seen.outcome is Outcome.RETURNED:
        return VerdictKind.WRONG_ANSWER, f"gave {brief(seen.value)}, expected {expect.type}"
    if seen.outcome is Outcome.RAISED:
        return VerdictKind.WRONG_ANSWER, f"{_why(seen)}, expected {expect.type}"
    return _KIND_OF[seen.outcome], _why(seen)


def same_exception(wanted: str, got: str) -> bool:
    """Whether two printed names mean one class: equal, or equal where one lacks its module."""
    if "." in wanted and "." in got:
        return wanted == got
    return wanted.rpartition(".")[2] == got.rpartition(".")[2]


def _judge_value(got: object, wanted: object, policy: Policy) -> _Found:
    if policy is Policy.TOKENS:
        same = isinstance(got, str) and isinstance(wanted, str) and got.split() == wanted.split()
    else:
        same = equal(got, wanted, policy)
    return (
        _PASS
        if same
        else (VerdictKind.WRONG_ANSWER, f"gave {brief(got)}, expected {brief(wanted)}")
    )


def equal(got: object, wanted: object, policy: Policy = Policy.PYTHON) -> bool:
    """Whether two plain values are equal under the policy; an `Opaque` equals nothing."""
    if isinstance(got, Opaque) or isinstance(wanted, Opaque):
        return False
    if policy is Policy.EXACT and type(got) is not type(wanted):
        return False
    if _is_number(got) and _is_number(wanted):
        return _equal_numbers(got, wanted, policy)
    match got, wanted:
        case list(), list():
            return _equal_items(got, wanted, policy)
        case tuple(), tuple():
            return _equal_items(got, wanted, policy)
        case dict(), dict():
            return _equal_dicts(got, wanted, policy)
        case (set() | frozenset(), set() | frozenset()):
            return _equal_sets(got, wanted, policy)
    return type(got) in _TEXTS and type(got) is type(wanted) and got == wanted


def _equal_items(got: Sequence[object], wanted: Sequence[object], policy: Policy) -> bool:
    same_length = len(got) == len(wanted)
    return same_length and all(equal(a, b, policy) for a, b in zip(got, wanted, strict=True))


_TEXTS = (str, bytes, type(None))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | complex)


def _equal_numbers(got: object, wanted: object, policy: Policy) -> bool:
    if policy is Policy.EXACT:
        return type(got) is type(wanted) and _identical_numbers(got, wanted)
    if got == wanted:
        return True
    if policy is Policy.FLOAT and (isinstance(got, float) or isinstance(wanted, float)):
        return _is_close(got, wanted)
    return False


def _identical_numbers(got: object, wanted: object) -> bool:
    """NaN is NaN, and -0.0 is not 0.0."""
    if isinstance(got, float) and isinstance(wanted, float):
        both_nan = math.isnan(got) and math.isnan(wanted)
        return both_nan or (got == wanted and math.copysign(1, got) == math.copysign(1, wanted))
    if isinstance(got, complex) and isinstance(wanted, complex):
        return _identical_numbers(got.real, wanted.real) and _identical_numbers(
            got.imag, wanted.imag
        )
    return got == wanted


def _is_close(got: object, wanted: object) -> bool:
    if isinstance(got, complex) or isinstance(wanted, complex):
        return False
    try:
        a, b = float(got), float(wanted)  # type: ignore[arg-type]
    except OverflowError:
        return False
    both_nan = math.isnan(a) and math.isnan(b)
    return both_nan or math.isclose(a, b, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)


def _equal_dicts(got: dict[object, object], wanted: dict[object, object], policy: Policy) -> bool:
    if len(got) != len(wanted):
        return False
    keys = {key: key for key in got}
    for key, value in wanted.items():
        if key not in got or not equal(got[key], value, policy):
            return False
        if policy is Policy.EXACT and not equal(keys[key], key, policy):
            return False
    return True


def _equal_sets(
    got: set[object] | frozenset[object], wanted: set[object] | frozenset[object], policy: Policy
) -> bool:
    """Sets of plain values; with tolerance each float must find a partner of its own."""
    if any(isinstance(item, Opaque) for item in got) or len(got) != len(wanted):
        return False
    if policy is not Policy.FLOAT and got == wanted:
        return policy is not Policy.EXACT or _same_types(got, wanted)
    left = [item for item in wanted if item not in got]
    rest = [item for item in got if item not in wanted]
    if len(left) > 1000:
        return False
    for item in rest:
        partner = next((i for i, other in enumerate(left) if equal(item, other, policy)), None)
        if partner is None:
            return False
        del left[partner]
    return True


def _same_types(
    got: set[object] | frozenset[object], wanted: set[object] | frozenset[object]
) -> bool:
    keys = {key: key for key in got}
    return all(equal(keys[key], key, Policy.EXACT) for key in wanted)


def _judge_print(got: bytes, wanted: str, policy: Policy) -> _Found:
    raw = wanted.encode("utf-8", "surrogateescape")
    if policy is Policy.EXACT:
        same = got == raw
    elif policy is Policy.PYTHON:
        same = _lines_of(got) == _lines_of(raw)
    else:
        number = _is_same_number if policy is Policy.FLOAT else _never
        same = _same_tokens(got.split(), raw.split(), number)
    if same:
        return _PASS
    return VerdictKind.WRONG_ANSWER, f"printed {brief(_shown(got))}, expected {brief(wanted)}"


def _lines_of(data: bytes) -> list[bytes]:
    """Lines without trailing blanks, and no empty lines at the end."""
    return [line.rstrip() for line in data.rstrip().splitlines()]


def _same_tokens(
    got: list[bytes], wanted: list[bytes], same_number: Callable[[bytes, bytes], bool]
) -> bool:
    return len(got) == len(wanted) and all(
        a == b or same_number(a, b) for a, b in zip(got, wanted, strict=True)
    )


def _never(_a: bytes, _b: bytes) -> bool:
    return False


def _is_same_number(a: bytes, b: bytes) -> bool:
    try:
        return _is_close(float(a), float(b))
    except ValueError:
        return False


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def brief(value: object, max_chars: int = 200) -> str:
    """A value for a message: one line, bounded, never an exception."""
    try:
        text = repr(value) if not isinstance(value, Opaque) else f"a {value.type} object"
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__} too big to show"
    return text if len(text) <= max_chars else text[: max_chars - 3] + "..."


def _one_line(text: str, max_chars: int = 300) -> str:
    line = " ".join(text[: 4 * max_chars].split())
    return line if len(line) <= max_chars else line[: max_chars - 3] + "..."


@dataclass(frozen=True, kw_only=True)
class _Example:
    """One example's end, judged."""

    found: _Found
    lineno: int


def _judge_doctest(test: Test, form: Doctest, expect: DoctestWants, seen: Observation) -> Verdict:
    if len(expect.wants) != len(form.examples):
        examples = [
            _Example(
                found=(VerdictKind.INVALID_TEST, "wants and examples differ in number"), lineno=0
            )
        ]
    else:
        examples = [_judge_example(form, expect, seen, i) for i in range(len(form.examples))]
    failed = next((e for e in examples if e.found != _PASS), None)
    kind, detail = failed.found if failed else _PASS
    if failed and not _is_about_an_example(seen):
        kind, detail = _failure(test, seen)
    return Verdict(
        test_id=test.test_id,
        kind=kind,
        proof=Proof.VALUES,
        detail=detail,
        observation=seen,
        failing_line=failed.lineno or None if failed else None,
        passed_examples=sum(e.found == _PASS for e in examples),
        n_examples=len(form.examples),
    )


def _is_about_an_example(seen: Observation) -> bool:
    return seen.outcome is Outcome.RETURNED


def _judge_example(form: Doctest, expect: DoctestWants, seen: Observation, i: int) -> _Example:
    example = form.examples[i]
    options = expect.options[i] if i < len(expect.options) else 0
    found = _found(example.source, expect.wants[i], options, seen, i)
    return _Example(found=found, lineno=example.lineno)


def _found(source: str, want: str, options: int, seen: Observation, i: int) -> _Found:
    if options & doctest.SKIP:
        return _PASS
    if i >= len(seen.parts):
        return VerdictKind.NO_RESULT, f"`{_one_line(source, 80)}` was not reached"
    part = seen.parts[i]
    if part.outcome not in (Outcome.RETURNED, Outcome.RAISED) and part.exception is None:
        return _KIND_OF[part.outcome], f"`{_one_line(source, 80)}`: {_why(part, seen.isolation)}"
    if _example_passes(want, options, part, seen.got[i]):
        return _PASS
    return _wrong(source, want, part, seen.got[i], seen.isolation)


def _wrong(
    source: str, want: str, part: Observation, got: str, isolation: tuple[str, ...]
) -> _Found:
    shown = f"`{_one_line(source, 80)}`"
    if part.exception is not None and not _wanted_exception(want):
        return _KIND_OF[part.outcome], f"{shown} {_why(part, isolation)}"
    wanted = brief(want.rstrip("\n")) if want else "nothing"
    return VerdictKind.WRONG_ANSWER, f"{shown} gave {brief(got.rstrip(chr(10)))}, expected {wanted}"


def _example_passes(want: str, options: int, part: Observation, got: str) -> bool:
    """As doctest.DocTestRunner decides, with the candidate's module under any of its usual
    names.
    """
    wanted_message = _wanted_exception(want)
    if part.exception is None and wanted_message is not None:
        # Stricter than doctest, which a printed traceback satisfies.
        return False
    if part.exception is None:
        texts = (want, _under_our_name(want))
        return any(output_matches(text, got, options) for text in texts)
    if wanted_message is None:
        return False
    message = got[len(part.stdout.decode("utf-8", "surrogatepass")) :].removeprefix(_TRACEBACK)
    wants = (wanted_message, _without_module(wanted_message, message))
    if any(output_matches(text, message, options) for text in wants):
        return True
    ignores = options & doctest.IGNORE_EXCEPTION_DETAIL
    return bool(ignores) and same_exception(_head(wanted_message), _head(message))


_TRACEBACK = "Traceback (most recent call last):\n"
_EXCEPTION = re.compile(
    r"""
    ^(?P<hdr> Traceback\ \( (?: most\ recent\ call\ last | innermost\ last ) \) : )
    \s* $ (?P<stack> .*?) ^ (?P<msg> \w+ .*)
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


def _wanted_exception(want: str) -> str | None:
    """The message that the traceback in `want` ends with, as doctest's parser finds it."""
    match = _EXCEPTION.match(want)
    if match is None:
        return None
    message = match.group("msg")
    return message if message.endswith("\n") else message + "\n"


def _head(message: str) -> str:
    return message.partition("\n")[0].partition(":")[0].strip()


def _under_our_name(want: str) -> str:
    """A `__main__.Point` of the docstring is the sandbox's `solution.Point`."""
    return want.replace("__main__.", "solution.")


def _without_module(wanted: str, got: str) -> str:
    """`mod.Error: text` as `Error: text` where the candidate's own class was raised."""
    head = _head(wanted)
    if "." in _head(got) or "." not in head:
        return wanted
    return wanted.replace(head, head.rpartition(".")[2], 1)
