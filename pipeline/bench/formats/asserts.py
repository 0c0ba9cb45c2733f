"""Hidden tests that are Python text: asserts one by one where they can be split."""

from __future__ import annotations

import ast

from pipeline.bench.grading import TestGrader
from pipeline.bench.records import PublicTask, SuiteError
from pipeline.bench.suites import LIMITS
from pipeline.syntax.text import parse
from sandbox.api import Test, TestCode
from sandbox.asserts import split_tests


def grader_of(public: PublicTask, source: str, where: str) -> TestGrader:
    """Asserts one by one where they can be split, else the text as test code of its own.

    Raises SuiteError for a text that is no Python.
    """
    tests = split_tests(source, public.entry_point, limits=LIMITS["function"])
    tree = parse(source)
    if not tests or tree is None:
        raise SuiteError(f"{where}: the hidden tests of {public.task_id} are no Python")
    if any(isinstance(test.form, TestCode) for test in tests):
        tests = tuple(_with_module(test, _beside(public)) for test in tests)
    return TestGrader(
        tests=tests, n_asserts=sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
    )


def _beside(public: PublicTask) -> str:
    """The module without the function itself: imports and helpers that test code may use."""
    tree = parse(public.source)
    kept = [s for s in tree.body if getattr(s, "name", "") != public.entry_point] if tree else []
    return "\n".join(ast.unparse(s) for s in kept)


def _with_module(test: Test, before: str) -> Test:
    """Test code may use the helpers that stand in front of the function."""
    if not isinstance(test.form, TestCode):
        return test
    form = TestCode(
        source=f"{before}\n{test.form.source}", entry=test.form.entry, check=test.form.check
    )
    return Test(test_id=test.test_id, form=form, expect=test.expect, limits=test.limits)
