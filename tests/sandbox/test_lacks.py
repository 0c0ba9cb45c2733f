"""Only what the sandbox lacks for true is no evidence; a program's word for it is none."""

from __future__ import annotations

import pytest

from sandbox.api import (
    Call,
    Doctest,
    DoctestExample,
    DoctestWants,
    Expectation,
    Form,
    Job,
    Observation,
    Outcome,
    ProjectTests,
    Returns,
    Sandbox,
    Test,
    TestEnd,
    TestSeen,
    VerdictKind,
)
from sandbox.lacks import without_false_claims
from sandbox.verdicts import run_tests, run_twice

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALL, SAYS_9 = Call(entry="f", args=(3,)), Returns(value=9)
DOCTEST = Doctest(examples=(DoctestExample(source="f(3)\n"),))
FALSE = {
    "raised by hand": "def f(n):\n    raise ModuleNotFoundError('No module named x')\n",
    "with the name of one that is there": "def f(n):\n"
    "    raise ModuleNotFoundError(\"No module named 'json'\", name='json')\n",
    "with the name of one that nobody imports": "def f(n):\n"
    "    raise ModuleNotFoundError(\"No module named 'numpyy'\", name='numpyy')\n",
    "that speaks of an import": "def f(n):\n"
    "    raise ImportError('import numpyy') from ModuleNotFoundError(name='numpyy')\n",
    "while it loads": "raise ModuleNotFoundError(\"No module named 'numpyy'\", name='numpyy')\n",
    "of a class of its own": "class Gone(ModuleNotFoundError):\n    name = 'numpyy'\n"
    "    msg = 'import numpyy'\n\n\ndef f(n):\n    raise Gone\n\n\nraise_ = 'raise ImportError'\n",
    "asked for by a name from elsewhere": "import importlib\n\n\ndef f(n):\n"
    "    return importlib.import_module('plugin' + str(n)).value\n",
    "with no text for a name": "def f(n):\n    raise ModuleNotFoundError(name='; import os')\n",
    "taken out of sys.modules": "import sys\nsys.modules['math'] = None\n\n\n"
    "def f(n):\n    import math\n    return n * n\n",
}
TRUE = {
    "at the top": "import numpyy\n\n\ndef f(n):\n    return 9\n",
    "in the body": "def f(n):\n    from numpyy.linalg import norm\n    return norm(n)\n",
    "in other words": "try:\n    import numpyy\nexcept ImportError as exc:\n"
    "    raise RuntimeError('install the extra') from exc\n\n\ndef f(n):\n    return 9\n",
    "by a name that it writes": "import importlib\n\n\ndef f(n):\n"
    "    return importlib.import_module('numpyy').square(n)\n",
}


async def check(
    box: Sandbox, code: str, kind: VerdictKind, form: Form = CALL, expect: Expectation = SAYS_9
) -> None:
    test = Test(test_id="t", form=form, expect=expect)
    for verdict in (*await run_tests(box, code, [test]), *await run_twice(box, code, [test])):
        assert verdict.kind is kind, verdict
        assert verdict.is_evidence == (kind is not VerdictKind.MISSING_MODULE)


@pytest.mark.parametrize("what", FALSE)
async def test_a_claimed_lack_is_a_failure(any_box: Sandbox, what: str):
    await check(any_box, FALSE[what], VerdictKind.RUNTIME_ERROR)


@pytest.mark.parametrize("what", TRUE)
async def test_a_true_lack_is_no_evidence(any_box: Sandbox, what: str):
    await check(any_box, TRUE[what], VerdictKind.MISSING_MODULE)


async def test_a_claim_in_an_example_is_a_failure_and_a_true_lack_is_none(any_box: Sandbox):
    wants = DoctestWants(wants=("9\n",))
    for code, kind in (
        (FALSE["raised by hand"], VerdictKind.RUNTIME_ERROR),
        (TRUE["in the body"], VerdictKind.MISSING_MODULE),
    ):
        await check(any_box, code, kind, DOCTEST, wants)


async def test_who_claims_a_lack_only_in_the_second_run_is_seen_to_flip(any_box: Sandbox):
    code = (
        "import sys\n\n\ndef f(n):\n    if sys.flags.hash_randomization:\n"
        "        raise ModuleNotFoundError(name='numpyy')\n    return 9\n"
    )
    test = Test(test_id="t", form=CALL, expect=SAYS_9)
    (verdict,) = await run_twice(any_box, code, [test])
    assert verdict.kind is VerdictKind.FLAKY, verdict


async def test_a_test_of_the_project_is_not_lost_by_a_claim(any_box: Sandbox):
    """As the process that ran them would report it."""
    tests = tuple(
        TestSeen(
            node_id=f"t.py::{name}", end=TestEnd.MISSING_MODULE, message=f"No module named '{name}'"
        )
        for name in ("json", "numpyy")
    )
    job = Job(code="", form=ProjectTests(node_ids=("t.py",)))
    seen = Observation(outcome=Outcome.RETURNED, tests=tests)
    (settled,) = await without_false_claims(any_box, [job], [seen])
    assert [test.end for test in settled.tests] == [TestEnd.FAILED, TestEnd.MISSING_MODULE]
