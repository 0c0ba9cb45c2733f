"""The project's own pytest tests beside a candidate: what is run, and what is reported of it."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path

import pytest

from sandbox.api import (
    Completes,
    Expression,
    Job,
    Limits,
    Observation,
    Outcome,
    ProjectTests,
    Proof,
    Sandbox,
    Test,
    TestEnd,
    VerdictKind,
    World,
)
from sandbox.verdicts import judge

ROOM = Limits(cpu_s=20.0, wall_s=60.0)
NEEDED = ("pytest", "pluggy", "iniconfig", "packaging", "pygments")


def installed(*names: str) -> dict[str, str]:
    """Entries of this environment's site-packages, by their path there."""
    entries = {}
    for name in names:
        files = distribution(name).files or []
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            entries[top] = str(Path(str(distribution(name).locate_file(top))))
    return entries


FILES = {
    "pyproject.toml": b'[tool.pytest.ini_options]\naddopts = "--cov=shop -n 4 --strict-markers"\n'
    b'pythonpath = ["src"]\nmarkers = ["slow"]\n',
    "src/shop/__init__.py": b"from .cart import total\n",
    "src/shop/money.py": b"def cents(x): return round(100 * x)\n",
    "tests/conftest.py": b"import pytest, shop\n@pytest.fixture\ndef prices(): return [1, 2]\n",
    "tests/test_cart.py": b"""\
import pytest, sys
from shop import total
from shop.cart import total as again

def test_fixture(prices): assert total(prices) == 300
def test_same(): assert again is total
@pytest.mark.parametrize("n", [1, 2])
def test_each(n): assert total([n]) == 100 * n
class TestAll:
    def test_empty(self, tmp_path, monkeypatch, capsys):
        (tmp_path / "x").write_text("y")
        print("out")
        assert (total([]), capsys.readouterr().out) == (0, "out\\n")
@pytest.mark.skip(reason="later")
def test_skipped(): assert False
@pytest.mark.xfail
def test_known(): assert False
def test_missing(): import nothing_like_this
def test_native(): raise RuntimeError from ImportError("x", path="y.so")
def test_here(): open("tests/conftest.py").close()
def test_writes(): open("tests/x", "w").close()
""",
    "tests/test_unit.py": b"""\
import unittest
from shop.cart import total
class T(unittest.TestCase):
    def setUp(self): self.n = 1
    def test_u(self): self.assertEqual(total([self.n]), 100)
""",
    "tests/test_lacks.py": b"import nothing_like_this\ndef test_it(): pass\n",
}
WHAT_IS_LEFT = Expression(source="import os\n[str(os.listdir('/tmp')), str(os.listdir('.'))]")
GOOD = "from .money import cents\ndef total(prices):\n    return cents(sum(prices))\n"
WRONG = GOOD.replace("sum(prices)", "len(prices)")
CAUSED = """
def total(prices):
    try:
        return inner(prices)
    except KeyError as exc:
        raise ValueError("no price") from exc

def inner(prices): return {}[prices[0]]
"""
CART = "tests/test_cart.py"
AS_IT_IS = ProjectTests(node_ids=())


def shop(**changes: object) -> World:
    world = World(
        module="shop.cart",
        path="src/shop/cart.py",
        files=FILES,
        roots=("src",),
        site=installed(*NEEDED),
        preload=("pytest",),
    )
    return replace(world, **changes)  # type: ignore[arg-type]


async def run(
    box: Sandbox, code: str, *node_ids: str, form: ProjectTests = AS_IT_IS, **changes: object
) -> Observation:
    form = replace(form, node_ids=node_ids)
    (seen,) = await box.run([Job(code=code, form=form, world=shop(**changes), limits=ROOM)])
    return seen


def ends(seen: Observation) -> dict[str, str]:
    assert seen.outcome is Outcome.RETURNED, seen
    return {test.node_id.partition("::")[2]: test.end.value for test in seen.tests}


def verdict_of(seen: Observation, *node_ids: str):
    form = ProjectTests(node_ids=node_ids)
    return judge(Test(test_id="p", form=form, expect=Completes()), seen)


async def test_each_test_has_its_end(each_box):
    seen = await run(each_box, GOOD, CART, "tests/test_unit.py")
    written = "failed" if each_box.kind == "docker" else "passed"
    assert ends(seen) == {
        **dict.fromkeys(("test_fixture", "test_same", "test_each[1]", "test_each[2]"), "passed"),
        **dict.fromkeys(("TestAll::test_empty", "test_here", "T::test_u"), "passed"),
        **dict.fromkeys(("test_skipped", "test_known"), "skipped"),
        **dict.fromkeys(("test_missing", "test_native"), "missing_module"),
        "test_writes": written,
    }
    assert all(test.duration_s > 0 for test in seen.tests)


async def test_only_what_is_asked_for_runs(each_box):
    names = (f"{CART}::test_each", f"{CART}::TestAll", "tests/test_unit.py::T::test_u")
    seen = await run(each_box, GOOD, *names)
    assert set(ends(seen)) == {"test_each[1]", "test_each[2]", "TestAll::test_empty", "T::test_u"}
    assert verdict_of(seen, *names).passed


async def test_a_wrong_candidate_fails_by_its_tests_and_says_where(each_box):
    names = (f"{CART}::test_fixture", f"{CART}::test_same")
    seen = await run(each_box, WRONG, *names)
    assert ends(seen) == {"test_fixture": "failed", "test_same": "passed"}
    assert seen.tests[0].message.startswith(f"{CART}:5: assert 200 == 300")
    verdict = verdict_of(seen, *names)
    assert (verdict.kind, verdict.proof) == (VerdictKind.WRONG_ANSWER, Proof.SHARED)
    assert (verdict.passed_examples, verdict.n_examples) == (1, 2)
    assert "test_fixture" in verdict.detail


async def test_candidates_do_not_meet(each_box):
    for code, end in ((GOOD, "passed"), (WRONG, "failed"), (GOOD, "passed")):
        assert ends(await run(each_box, code, f"{CART}::test_fixture")) == {"test_fixture": end}


async def test_a_candidate_that_does_not_load_is_told_from_one_that_fails(each_box):
    broken = await run(each_box, "def total(:", f"{CART}::test_fixture")
    assert broken.outcome is Outcome.SYNTAX_ERROR, broken
    for code in ("1/0", "from .money import nothing"):
        seen = await run(each_box, code, f"{CART}::test_fixture")
        assert not verdict_of(seen, f"{CART}::test_fixture").passed, seen
        assert verdict_of(seen, f"{CART}::test_fixture").is_evidence, seen


async def test_what_the_sandbox_lacks_is_no_evidence(each_box):
    seen = await run(each_box, GOOD, "tests/test_lacks.py::test_it")
    verdict = verdict_of(seen, "tests/test_lacks.py::test_it")
    assert (verdict.kind, verdict.is_evidence) == (VerdictKind.MISSING_MODULE, False), seen
    without = await run(each_box, GOOD, f"{CART}::test_same", site={}, preload=())
    assert without.outcome is Outcome.MISSING_MODULE, without


@pytest.mark.parametrize(
    ("conftest", "is_evidence"),
    [("import shop.gone\n", False), ("raise RuntimeError('broken')\n", True)],
)
async def test_a_conftest_that_fails_is_no_pass_and_says_why(each_box, conftest, is_evidence):
    files = {**FILES, "tests/conftest.py": conftest.encode()}
    seen = await run(each_box, GOOD, f"{CART}::test_same", files=files)
    verdict = verdict_of(seen, f"{CART}::test_same")
    assert (verdict.passed, verdict.is_evidence) == (False, is_evidence), verdict
    assert "tests/conftest.py" in verdict.detail


async def test_a_run_leaves_the_worker_as_it_was(each_box):
    """A worker that is given up after each test costs a start for each."""
    names = (f"{CART}::TestAll", f"{CART}::test_same")
    for _ in range(3):
        before = await run(each_box, GOOD, *names)
        assert ends(before) == {"TestAll::test_empty": "passed", "test_same": "passed"}
    if each_box.kind == "docker":
        seen = await each_box.run([Job(code=GOOD, form=WHAT_IS_LEFT, world=shop())] * 2)
        assert [one.value for one in seen] == [["[]", "[]"], ["[]", "[]"]]


async def test_a_test_that_is_not_there_is_named_and_stops_no_other(each_box):
    names = (f"{CART}::test_gone", f"{CART}::test_same", "tests/gone.py::test_x")
    seen = await run(each_box, GOOD, *names)
    assert ends(seen) == {"test_same": "passed"}
    verdict = verdict_of(seen, *names)
    assert (verdict.kind, verdict.n_examples) == (VerdictKind.NO_RESULT, 3)
    assert "test_gone" in verdict.detail


async def test_a_skip_is_no_pass(each_box):
    code = "import pytest\ndef total(x): pytest.skip('cheating')\n"
    seen = await run(each_box, code, f"{CART}::test_fixture")
    assert not verdict_of(seen, f"{CART}::test_fixture").passed


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("import os; os._exit(0)", Outcome.NO_RESULT),
        ("while True: pass", Outcome.TIMEOUT_CPU),
        ("import os, signal; os.kill(os.getpid(), 9)", Outcome.CRASH),
    ],
)
async def test_an_end_without_an_end_is_no_pass(each_box, body, outcome):
    code = (
        GOOD
        + f"def total(x, total=total):\n    if x == [2]:\n        {body}\n    return total(x)\n"
    )
    form = ProjectTests(node_ids=(f"{CART}::test_each",))
    job = Job(code=code, form=form, world=shop(), limits=Limits(cpu_s=1.0))
    (seen,) = await each_box.run([job])
    assert seen.outcome is outcome, seen
    assert [test.end for test in seen.tests] == [TestEnd.PASSED]
    assert not verdict_of(seen, f"{CART}::test_each").passed


async def test_another_seed_is_another_order(each_box):
    orders = set()
    for seed in (None, 1, 2, 3, 1):
        seen = await run(each_box, GOOD, CART, form=replace(AS_IT_IS, seed=seed))
        orders.add(tuple(ends(seen)))
    assert 2 <= len(orders) <= 4


async def test_each_test_says_which_functions_of_the_project_it_entered(each_box):
    names = (f"{CART}::test_fixture", f"{CART}::test_same", f"{CART}::test_here")
    seen = await run(each_box, GOOD, *names, form=replace(AS_IT_IS, is_traced=True))
    entered = {
        test.node_id.partition("::")[2]: {
            (one.path, one.line, one.name) for one in test.entered if one.path.startswith("src/")
        }
        for test in seen.tests
    }
    total, cents = ("src/shop/cart.py", 2, "total"), ("src/shop/money.py", 1, "cents")
    assert entered == {"test_fixture": {total, cents}, "test_same": set(), "test_here": set()}
    plain = await run(each_box, GOOD, names[0])
    assert plain.tests[0].entered == frozenset()


async def test_a_failure_says_which_functions_its_exception_passed_through(each_box):
    names = (f"{CART}::test_fixture", f"{CART}::test_same")
    form = replace(AS_IT_IS, is_traced=True)
    for code, through in ((GOOD, set()), (WRONG, set()), (CAUSED, {"total", "inner"})):
        seen = await run(each_box, code, *names, form=form)
        first, second = seen.tests
        assert {one.name for one in first.stack if one.path == "src/shop/cart.py"} == through
        assert second.stack == frozenset()


CALLED = """
class Price:
    def __init__(self, cents): self.cents = cents
    def times(self, n, /, *more, extra=0, **others):
        self.cents *= n
        return self.cents + extra + sum(more) + sum(others.values())

def total(prices, strict=False):
    if strict: raise KeyError(strict)
    try: {}[1]
    except KeyError: prices.append(7)
    return sum(prices)

def each(prices): yield from prices
def made(cents): return Price(cents)
"""
CALLING = b"""\
from shop.cart import Price, each, made, total
def test_total():
    assert (total([1]), total([1]), total([2], strict=False)) == (8, 8, 9)
def test_raised():
    try: total([], strict="x")
    except KeyError: pass
def test_times(): assert Price(2).times(3, 4, extra=5, tax=1) == 16
def test_others(): assert list(each([1])) == [1] and made(1).cents == 1
def test_uncopied(): total(lambda: 0)
"""


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("total", {"total([1], False)": 8, "total([2], False)": 9, "total([], 'x')": "KeyError"}),
        ("Price.times", {"Price.times(<shop.cart.Price object>, 3, 4, extra=5, tax=1)": 16}),
        ("each", {}),
        ("made", {}),
        ("nothing", {}),
    ],
)
async def test_calls_are_recorded_and_can_be_made_again(each_box, name, calls):
    """Arguments as they were before the function changed them; of a generator, of an argument that
    cannot be copied and of a result that is no plain data there is none.
    """
    files = {**FILES, "tests/test_calls.py": CALLING}
    form = replace(AS_IT_IS, recorded=name)
    seen = await run(each_box, CALLED, "tests/test_calls.py", form=form, files=files)
    assert "passed" in ends(seen).values()
    assert {one.shown: one.raised or one.value for one in seen.calls} == calls
    jobs = [Job(code=CALLED, form=one.form, world=shop(files=files)) for one in seen.calls]
    again = await each_box.run(jobs)
    assert [one.value for one in again] == [one.value for one in seen.calls]
    assert [one.exception.type if one.exception else "" for one in again] == [
        one.raised for one in seen.calls
    ]


async def test_a_file_that_cannot_be_imported_says_what_its_import_entered(each_box):
    files = {**FILES, "tests/test_top.py": b"from shop import total\nN = 1 / total([])\n"}
    form = replace(AS_IT_IS, is_traced=True)
    seen = await run(each_box, GOOD, "tests/test_top.py", form=form, files=files)
    (test,) = seen.tests
    assert (test.node_id, test.end) == ("tests/test_top.py", TestEnd.ERROR)
    assert "total" in {one.name for one in test.entered}


async def test_a_test_that_takes_too_long_ends_and_the_next_runs(each_box):
    code = GOOD.replace("    return", "    while prices == [1]: pass\n    return")
    form = replace(AS_IT_IS, each_cpu_s=0.3)
    seen = await run(each_box, code, f"{CART}::test_each", form=form)
    assert ends(seen) == {"test_each[1]": "failed", "test_each[2]": "passed"}
    assert "too long" in seen.tests[0].message


async def test_a_run_that_dies_says_in_which_test(each_box):
    code = GOOD.replace(
        "    return", "    if prices == [2]:\n        import os; os._exit(0)\n    return"
    )
    seen = await run(each_box, code, f"{CART}::test_each")
    assert (seen.outcome, seen.last_begun) == (Outcome.NO_RESULT, f"{CART}::test_each[2]")


async def tried(box: Sandbox, code: str, name: str, *versions: str) -> list[tuple[str, list[str]]]:
    form = replace(AS_IT_IS, versions=versions, exchanged=name, version_cpu_s=0.5)
    seen = await run(box, code, f"{CART}::test_fixture", f"{CART}::test_each", form=form)
    assert (seen.outcome, seen.tests) == (Outcome.RETURNED, ()), seen
    return [(part.outcome.value, [t.end.value for t in part.tests]) for part in seen.parts]


async def test_versions_of_a_function_are_tried_one_by_one(each_box):
    body = GOOD.partition("\n")[2]
    versions = (
        body,
        body.replace("sum(prices)", "len(prices)"),
        "def total(prices):\n    import shop.money\n    del shop.money.cents\n    1 / 0\n",
        "def total(prices):\n    while True: pass\n",
        "def total(prices):\n    import os; os._exit(0)\n",
        "def total(prices, more=()):\n    return cents(sum(prices))\n",
        "def total(prices:\n",
        body,
    )
    right, none = ["passed"] * 3, ["failed"] * 3
    assert await tried(each_box, WRONG, "total", *versions) == [
        ("returned", right),
        ("returned", ["failed", "passed", "failed"]),
        ("returned", none),
        ("timeout_cpu", []),
        ("crash", []),
        ("not_run", []),
        ("not_run", []),
        ("returned", right),
    ]


async def test_a_method_is_exchanged_where_its_class_is(each_box):
    code = (
        "from .money import cents\nclass Sum(list):\n    def of(self):\n"
        "        return cents(len(self))\ndef total(prices): return Sum(prices).of()\n"
    )
    right = "def of(self):\n    return cents(sum(super().__iter__()))\n"
    plain = "def of(self):\n    return cents(sum(self))\n"
    wrong = "def of(self):\n    return 0\n"
    found = await tried(each_box, code, "Sum.of", right, plain, wrong)
    assert found == [("not_run", []), ("returned", ["passed"] * 3), ("returned", ["failed"] * 3)]
