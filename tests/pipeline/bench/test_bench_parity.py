"""Our verdicts are upstream's: EvalPlus 0.3.1's on our programs, LiveCodeBench's by its rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import evalplus_cases
import pytest

from pipeline.bench.hidden import read_suite
from pipeline.bench.livecodebench import CallGrader, StdioGrader, same_lines
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("name", ["HUMANEVAL", "MBPP"])
async def test_programs_get_the_verdict_that_evalplus_gave_them(
    name: str, tmp_path: Path, box: Sandbox
):
    path = evalplus_cases.write(getattr(evalplus_cases, name), tmp_path / "suite.jsonl")
    different = []
    for public, hidden in read_suite(path):
        cases = [one for one in evalplus_cases.CASES if one.task_id == public.task_id]
        assert cases
        programs = [case.program for case in cases]
        grades = await hidden.grader.grade(box, programs, public.task_id)
        for case, grade in zip(cases, grades, strict=True):
            base, plus = (case.strict, case.strict) if case.flaw else (case.base, case.plus)
            found = (grade.marks["base"], grade.passed, grade.marks["strict"])
            if found != (base, plus, case.strict):
                different.append(f"{case.task_id}, {case.about}: {found}")
    assert not different, "\n".join(different)


# --- LiveCodeBench -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "wanted", "same"),
    [
        ("3", "3", True),
        ("3\n\n", "3", True),
        (" 1 2 ", "1 2", True),
        ("1\r\n2", "1\n2", True),
        ("1  2", "1 2", True),
        ("1.0", "1", True),
        ("0.50", "0.5", True),
        ("1e2", "100", True),
        ("", "", True),
        ("NaN", "NaN", True),
        ("1\n2", "1 2", False),
        ("1\n\n2", "1\n2", False),
        ("1.0000001", "1", False),
        ("50000000000000000", "50000000000000001", False),
        ("a  b", "a b", False),
        ("YES", "Yes", False),
        ("nan 1", "nan  1", False),
        ("1 2", "1 2 3", False),
    ],
)
async def test_lines_are_compared_as_text_or_as_decimals(got: str, wanted: str, same: bool):
    assert same_lines(got, wanted) is same


@dataclass(frozen=True, kw_only=True)
class Rule:
    about: str
    program: str
    official: bool
    strict: bool


TWICE = (("2\n3\n", "5"), ("10\n-4\n", "6\n"))
PROGRAMS = [
    Rule(about="input()", program="print(int(input()) + int(input()))",
         official=True, strict=True),
    Rule(about="imports that upstream brings", program="print(reduce(add, map(int, sys.stdin)))",
         official=True, strict=True),
    Rule(about="under __main__", official=True, strict=True,
         program="def main():\n    print(sum(map(int, sys.stdin)))\n\n"
                 "if __name__ == '__main__':\n    main()\n"),
    Rule(about="open(0): the prelude has bound the real one before upstream puts its own there",
         program="print(sum(map(int, open(0).read().split())))", official=False, strict=True),
    Rule(about="exits with 0", program="print(sum(map(int, sys.stdin)))\nsys.exit(0)",
         official=True, strict=True),
    Rule(about="exits with 1 after a right answer", official=True, strict=False,
         program="print(sum(map(int, sys.stdin)))\nsys.exit(1)"),
    Rule(about="buffer.readline twice: upstream gives the first line again",
         program="r = sys.stdin.buffer.readline\nprint(int(r()) + int(r()))",
         official=False, strict=True),
    Rule(about="buffer.read", program="print(sum(map(int, sys.stdin.buffer.read().split())))",
         official=True, strict=True),
    Rule(about="global: upstream has made it a local of its wrapper", official=False, strict=True,
         program="n = 0\ndef add_up():\n    global n\n    n += sum(map(int, sys.stdin))\n"
                 "add_up()\nprint(n)"),
    Rule(about="stdout.buffer: upstream's screen has none", official=False, strict=True,
         program="sys.stdout.buffer.write(str(sum(map(int, sys.stdin))).encode())"),
    Rule(about="a text of several lines", official=True, strict=True,
         program='s = """\n  a\n"""\nprint(sum(map(int, sys.stdin)) + s.count("b"))'),
    Rule(about="reads more than there is", program="print(sum(int(input()) for _ in range(3)))",
         official=False, strict=False),
    Rule(about="wrong on the second test", program="print(5)", official=False, strict=False),
    Rule(about="raises after a right answer", official=False, strict=False,
         program="print(sum(map(int, sys.stdin)))\n1 / 0"),
    Rule(about="no Python", program="print(", official=False, strict=False),
]  # fmt: skip


async def check(box: Sandbox, grader: StdioGrader | CallGrader, rules: list[Rule]) -> None:
    grades = await grader.grade(box, [rule.program for rule in rules], "table")
    wrong = [
        f"{rule.about}: official {grade.passed}, strict {grade.marks['strict']} ({grade})"
        for rule, grade in zip(rules, grades, strict=True)
        if (grade.passed, grade.marks["strict"]) != (rule.official, rule.strict)
    ]
    assert not wrong, "\n".join(wrong)


async def test_programs_are_judged_by_the_rules_of_livecodebench(box: Sandbox):
    await check(box, StdioGrader(cases=TWICE), PROGRAMS)


def _solution(body: str) -> str:
    return f"class Solution:\n    def f(self, n):\n        {body}\n"


CALLS = [
    Rule(about="a method", program=_solution("return [n, [n]]"), official=True, strict=True),
    Rule(about="a plain function", program="def f(n):\n    return [n, [n]]\n",
         official=True, strict=True),
    Rule(about="a tuple outside", program=_solution("return (n, [n])"), official=True, strict=True),
    Rule(about="a tuple inside", program=_solution("return [n, (n,)]"),
         official=False, strict=True),
    Rule(about="floats for ints", program=_solution("return [n + 0.0, [n]]"),
         official=True, strict=True),
    Rule(about="no tolerance", program=_solution("return [n + 1e-9, [n]]"),
         official=False, strict=False),
    Rule(about="True for 1", program=_solution("return [n == 1 or n, [n]]"),
         official=True, strict=False),
    Rule(about="it prints", program=_solution("print(n); return [n, [n]]"),
         official=True, strict=True),
    Rule(about="imports that upstream brings", official=True, strict=True,
         program=_solution("return [*Counter([n]), deepcopy([n])]")),
    Rule(about="one instance for all calls", official=False, strict=False,
         program="class Solution:\n    seen = 0\n    def f(self, n):\n"
                 "        self.seen += 1\n        return [n, [n]] if self.seen == 1 else 0\n"),
    Rule(about="the class only in a comment", official=False, strict=False,
         program="# no class Solution\ndef f(n):\n    return [n, [n]]\n"),
    Rule(about="another name", program=_solution("return 0").replace("f(", "g("),
         official=False, strict=False),
]  # fmt: skip


async def test_calls_are_judged_by_the_rules_of_livecodebench(box: Sandbox):
    cases = (((1,), [1, [1]]), ((7,), [7, [7]]))
    await check(box, CallGrader(name="f", cases=cases), CALLS)
