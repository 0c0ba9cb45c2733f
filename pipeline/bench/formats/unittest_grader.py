"""Hidden tests that are `unittest` classes: all of them have to pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.bench.grading import Grade, run
from pipeline.bench.unittests import Said, count_tests, form_of, read
from sandbox.api import Job, Limits, Sandbox


@dataclass(frozen=True, kw_only=True)
class UnittestGrader:
    tests: str
    limits: Limits
    before: str = ""
    """Text that upstream puts in front of every program."""
    module_names: tuple[str, ...] = ()

    @property
    def n_tests(self) -> int:
        return count_tests(self.tests)

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        form = form_of(self.tests, self.module_names)
        jobs = [Job(code=self.before + one, form=form, limits=self.limits) for one in programs]
        return tuple(self._grade(read(one)) for one in await run(box, jobs, task_id))

    def _grade(self, said: Said) -> Grade:
        """Strictly every test that stands in the text must have run."""
        return Grade(
            passed=said.passed,
            n_passed=said.n_run - said.n_bad,
            n_tests=self.n_tests,
            first_failure=None if said.passed else said.trouble or "wrong_answer",
            marks={"strict": said.passed and said.n_run >= self.n_tests},
        )
