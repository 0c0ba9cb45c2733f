"""Our verdicts are upstream's: EvalPlus 0.3.1's on our programs, LiveCodeBench's on others."""

from __future__ import annotations

from pathlib import Path

import evalplus_cases
import livecodebench_cases as cases
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
        known = [one for one in evalplus_cases.CASES if one.task_id == public.task_id]
        assert known
        programs = [case.program for case in known]
        grades = await hidden.grader.grade(box, programs, public.task_id)
        for case, grade in zip(known, grades, strict=True):
            base, plus = (case.strict, case.strict) if case.flaw else (case.base, case.plus)
            found = (grade.marks["base"], grade.passed, grade.marks["strict"])
            if found != (base, plus, case.strict):
                different.append(f"{case.task_id}, {case.about}: {found}")
    assert not different, "\n".join(different)


# --- LiveCodeBench -------------------------------------------------------------------------------


@pytest.mark.parametrize(("got", "wanted", "same"), cases.LINES)
async def test_lines_are_compared_as_text_or_as_decimals(got: str, wanted: str, same: bool):
    assert same_lines(got, wanted) is same


async def check(box: Sandbox, grader: StdioGrader | CallGrader, rules: list[cases.Rule]) -> None:
    grades = await grader.grade(box, [rule.program for rule in rules], "table")
    wrong = [
        f"{rule.about}: official {grade.passed}, strict {grade.marks['strict']} ({grade})"
        for rule, grade in zip(rules, grades, strict=True)
        if (grade.passed, grade.marks["strict"]) != (rule.official, rule.strict)
    ]
    assert not wrong, "\n".join(wrong)


async def test_programs_are_judged_by_the_rules_of_livecodebench(box: Sandbox):
    await check(box, StdioGrader(cases=cases.TWICE), cases.PROGRAMS)


async def test_calls_are_judged_by_the_rules_of_livecodebench(box: Sandbox):
    await check(box, CallGrader(name="f", cases=cases.NESTED), cases.CALLS)
