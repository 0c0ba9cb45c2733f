"""Which functions are suspected of failing tests, from plain data."""

from __future__ import annotations

from pipeline.running.spectrum import called_after, explained_by_others, suspects
from sandbox.api import Entered, TestEnd, TestSeen

SOURCES = {"m.py"}


def function(name: str, path: str = "m.py") -> Entered:
    return Entered(path=path, line=len(name), name=name)


def ran(node_id: str, *entered: str, fails: bool = False, stack: str = "") -> TestSeen:
    return TestSeen(
        node_id=node_id,
        end=TestEnd.FAILED if fails else TestEnd.PASSED,
        entered=frozenset(map(function, entered)),
        stack=frozenset(map(function, stack.split())),
    )


def check(order: list[str], *tests: TestSeen) -> None:
    failing = [test for test in tests if test.end is TestEnd.FAILED]
    passing = [test for test in tests if test.end is TestEnd.PASSED]
    found = suspects(failing, passing, SOURCES)
    assert [one.entered.name for one in found] == order
    assert all(one.failing for one in found)


def test_what_only_failing_tests_enter_comes_first():
    check(
        ["wrong", "shared"],
        ran("t::a", "wrong", "shared", fails=True),
        ran("t::b", "shared"),
        ran("t::c", "other"),
    )


def test_the_stack_of_a_failure_comes_before_the_spectrum():
    check(
        ["raises", "rare"],
        ran("t::a", "rare", "raises", fails=True, stack="raises"),
        ran("t::b", "raises"),
    )


def test_of_equals_the_one_that_the_test_is_called_after_comes_first():
    check(
        ["split_words", "aaa"],
        ran("t.py::TestText::test_split_of_words[1-aaa]", "aaa", "split_words", fails=True),
    )


def test_what_no_failing_test_enters_and_what_is_no_source_is_not_suspected():
    helper = TestSeen(
        node_id="t::a", end=TestEnd.FAILED, entered=frozenset({function("f", "tests/help.py")})
    )
    check([], helper, ran("t::b", "right"))


def check_explained(expected: dict[str, set[str]], *tests: TestSeen) -> None:
    found = suspects(tests, [], SOURCES)
    said = {one.entered.name: set(explained_by_others(found, one)) for one in found}
    assert said == expected


def test_a_test_that_two_wrong_functions_fail_judges_neither_of_them():
    """Nor the right function around both, which no other test speaks against."""
    check_explained(
        {"f": {"t::both"}, "g": {"t::both"}, "around": {"t::both"}},
        ran("t::f_alone", "f", fails=True),
        ran("t::f_again", "f", fails=True),
        ran("t::g_alone", "g", fails=True),
        ran("t::g_again", "g", fails=True),
        ran("t::both", "f", "g", "around", fails=True),
    )


def test_where_one_function_is_in_every_failing_test_all_of_them_judge_it():
    check_explained(
        {"f": set(), "around": {"t::far", "t::near"}},
        ran("t::near", "f", "around", fails=True),
        ran("t::far", "f", "around", fails=True),
        ran("t::alone", "f", fails=True),
    )


def test_likeness_is_the_share_of_the_names_words():
    assert called_after("split_words", "t.py::test_split[words]") == 0.5
    assert called_after("__init__", "t.py::test_init") == 1.0
    assert called_after("_", "t.py::test_x") == 0.0
