"""No hostile program forges a pass, no honest one fails; and what ran leaves nothing behind."""

from __future__ import annotations

import pytest

from sandbox.api import Sandbox, Verdict
from sandbox.verdicts import run_tests
from tests.sandbox.corpus_file import CORPUS, Case, load

HOSTILE = [load(path) for path in sorted((CORPUS / "hostile").glob("*.py"))]
HONEST = [load(path) for path in sorted((CORPUS / "honest").glob("*.py"))]


def test_the_corpus_is_large_enough():
    assert len(HOSTILE) >= 145
    assert len(HONEST) >= 120
    assert not [case.name for case in HOSTILE if "pass" in case.verdicts]
    assert not [case.name for case in HONEST if case.verdicts != {"pass"}]


async def verdict_of(box: Sandbox, case: Case) -> Verdict:
    (verdict,) = await run_tests(box, case.code, [case.test], group=case.name)
    return verdict


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("case", HOSTILE + HONEST, ids=lambda case: case.name)
async def test_each_program_gets_its_verdict(box: Sandbox, case: Case):
    if case.only and case.only != box.kind:
        pytest.skip(f"only {case.only} can hold this program; here runs {box.kind}")
    verdict = await verdict_of(box, case)
    assert verdict.kind in case.verdicts, verdict.detail
