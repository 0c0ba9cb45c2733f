"""Verdicts are a pure function of a test and an observation."""

from __future__ import annotations

import doctest
import math

import pytest

from sandbox.api import (
    BROKEN_MACHINERY,
    Call,
    Completes,
    Doctest,
    DoctestExample,
    DoctestWants,
    ExceptionSeen,
    Expectation,
    Form,
    Observation,
    Opaque,
    Outcome,
    Policy,
    Prints,
    Program,
    Proof,
    Raises,
    Returns,
    Test,
    TestCode,
    Truthy,
    VerdictKind,
)
from sandbox.verdicts import brief, equal, judge

NAN = math.nan
CALL = Call(entry="f")


def verdict(expect: Expectation, seen: Observation, form: Form = CALL) -> VerdictKind:
    return judge(Test(test_id="t", form=form, expect=expect), seen).kind


def returned(value: object, stdout: bytes = b"") -> Observation:
    return Observation(outcome=Outcome.RETURNED, value=value, stdout=stdout)


@pytest.mark.parametrize(
    ("got", "wanted", "policies"),
    [
        (1, 1, "exact python float"),
        (1, True, "python float"),
        (1, 1.0, "python float"),
        (NAN, NAN, "exact float"),
        ([NAN], [NAN], "exact float"),
        (-0.0, 0.0, "python float"),
        (0.1 + 0.2, 0.3, "float"),
        ((1, 2), [1, 2], ""),
        ([1, [2.0000001]], [1, [2]], "float"),
        ({1: 2}, {1: 2}, "exact python float"),
        ({1: 2}, {True: 2}, "python float"),
        ({"a": 0.1 + 0.2}, {"a": 0.3}, "float"),
        ({1, 2}, frozenset({1, 2}), "python float"),
        ({0.1 + 0.2}, {0.3}, "float"),
        ({0.1 + 0.2, 5}, {0.3, 6}, ""),
        ("a", b"a", ""),
        (None, 0, ""),
        (None, None, "exact python float"),
        (10**400, 1.5, ""),
        (Opaque("P"), Opaque("P"), ""),
        ([Opaque("P")], [None], ""),
        ({Opaque("P")}, {Opaque("P")}, ""),
        (1 + 2j, 1 + 2j, "exact python float"),
        ("1 2", "1  2", ""),
    ],
)
def test_equality_under_each_policy(got, wanted, policies):
    for policy in (Policy.EXACT, Policy.PYTHON, Policy.FLOAT):
        assert equal(got, wanted, policy) == (policy.value in policies.split()), policy


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.RETURNED])
def test_only_a_regular_end_passes(outcome):
    for expect in (Returns(value=None), Truthy(), Completes(), Prints(stdout=""), Raises(type="E")):
        kind = verdict(expect, Observation(outcome=outcome, value=None))
        assert kind is not VerdictKind.PASS


@pytest.mark.parametrize("outcome", [*sorted(BROKEN_MACHINERY), Outcome.MISSING_MODULE])
def test_what_the_sandbox_breaks_or_lacks_is_no_evidence(outcome):
    test = Test(test_id="t", form=Call(entry="f"), expect=Returns(value=1))
    assert not judge(test, Observation(outcome=outcome)).is_evidence


@pytest.mark.parametrize(
    ("wanted", "got", "passes"),
    [
        ("ValueError", "ValueError", True),
        ("InvalidOperation", "decimal.InvalidOperation", True),
        ("decimal.InvalidOperation", "decimal.InvalidOperation", True),
        ("a.E", "b.E", False),
        ("LookupError", "KeyError", False),
    ],
)
def test_an_exception_is_known_by_its_name(wanted, got, passes):
    seen = Observation(outcome=Outcome.RAISED, exception=ExceptionSeen(type=got, message=""))
    assert (verdict(Raises(type=wanted), seen) is VerdictKind.PASS) == passes


@pytest.mark.parametrize(
    ("got", "wanted", "policies"),
    [
        (b"1 2\n3", "1 2 3\n", "tokens float"),
        (b"1 2 \n\n", "1 2\n", "tokens float python"),
        (b"1 2\n", "1 2\n", "tokens float python exact"),
        (b"0.30000000004", "0.3", "float"),
        (b"nan", "NaN", "float"),
        (b"\xff", "\udcff", "tokens float python exact"),
        (b"", "x", ""),
        (b"yes", "no", ""),
    ],
)
def test_printed_text_under_each_policy(got, wanted, policies):
    for policy in Policy:
        kind = verdict(Prints(stdout=wanted, policy=policy), returned(None, got), Program())
        assert (kind is VerdictKind.PASS) == (policy.value in policies.split()), policy


def doctest_kind(want: str, got: str, options: int = 0, raised: str = "") -> VerdictKind:
    exception = ExceptionSeen(type=raised, message="m") if raised else None
    outcome = Outcome.RAISED if raised else Outcome.RETURNED
    part = Observation(outcome=outcome, exception=exception)
    seen = Observation(outcome=Outcome.RETURNED, got=(got,), parts=(part,))
    form = Doctest(examples=(DoctestExample(source="f()\n"),))
    return verdict(DoctestWants(wants=(want,), options=(options,)), seen, form)


TRACEBACK = "Traceback (most recent call last):\n"


@pytest.mark.parametrize(
    ("want", "got", "options", "raised", "kind"),
    [
        ("1\n", "1\n", 0, "", VerdictKind.PASS),
        ("1\n", "2\n", 0, "", VerdictKind.WRONG_ANSWER),
        ("1\n", "True\n", 0, "", VerdictKind.PASS),
        ("True\n", "1\n", 0, "", VerdictKind.WRONG_ANSWER),
        ("[0, ..., 9]\n", "[0, 1, 9]\n", doctest.ELLIPSIS, "", VerdictKind.PASS),
        ("a   b\n", "a b\n", doctest.NORMALIZE_WHITESPACE, "", VerdictKind.PASS),
        ("a\n<BLANKLINE>\nb\n", "a\n\nb\n", 0, "", VerdictKind.PASS),
        ("anything\n", "1\n", doctest.SKIP, "", VerdictKind.PASS),
        ("<__main__.P object>\n", "<solution.P object>\n", 0, "", VerdictKind.PASS),
        (TRACEBACK + "E: m\n", TRACEBACK + "E: m\n", 0, "E", VerdictKind.PASS),
        (TRACEBACK + "mod.E: m\n", TRACEBACK + "E: m\n", 0, "E", VerdictKind.PASS),
        (TRACEBACK + "E: x\n", TRACEBACK + "E: m\n", 0, "E", VerdictKind.WRONG_ANSWER),
        (
            TRACEBACK + "E: x\n",
            TRACEBACK + "E: m\n",
            doctest.IGNORE_EXCEPTION_DETAIL,
            "E",
            VerdictKind.PASS,
        ),
        (TRACEBACK + "E: m\n", TRACEBACK + "E: m\n", 0, "", VerdictKind.WRONG_ANSWER),
        ("1\n", TRACEBACK + "E: m\n", 0, "E", VerdictKind.RUNTIME_ERROR),
        ("", "", 0, "", VerdictKind.PASS),
        ("", "1\n", 0, "", VerdictKind.WRONG_ANSWER),
    ],
)
def test_doctests_are_compared_with_the_modules_own_checker(want, got, options, raised, kind):
    assert doctest_kind(want, got, options, raised) is kind


def test_wants_that_do_not_fit_the_examples_are_an_invalid_test():
    form = Doctest(examples=(DoctestExample(source="1"),) * 2)
    assert verdict(DoctestWants(wants=("1\n",)), returned(None), form) is VerdictKind.INVALID_TEST


def test_each_form_says_what_a_pass_proves():
    def proof(form: Form, expect: Expectation) -> Proof:
        return judge(Test(test_id="t", form=form, expect=expect), returned(True)).proof

    assert proof(Call(entry="f"), Returns(value=True)) is Proof.VALUES
    assert proof(TestCode(source="", entry="f"), Completes()) is Proof.SEPARATE
    assert proof(Call(entry="f"), Truthy()) is Proof.SHARED
    assert proof(Call(entry="f"), Completes()) is Proof.SHARED


@pytest.mark.parametrize("value", [(10**9999,), [[["x" * 999]]], Opaque("P"), "\ud800", NAN])
def test_any_value_can_be_shown_in_one_bounded_line(value):
    text = brief(value)
    assert 0 < len(text) <= 200
    assert "\n" not in text
