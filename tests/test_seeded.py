"""Planted bugs: planted where tests notice, half of the tests hidden, scored with all of them."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from benchmarks.seeded.bugs import FOREIGN, RULES, bugs_of
from benchmarks.seeded.natively import run_tests
from benchmarks.seeded.packages import Package
from benchmarks.seeded.planting import Planted, baseline, planted
from benchmarks.seeded.tables import as_document, as_text
from benchmarks.seeded.trial import Plan, Score, measured
from pipeline.core.context import Settings
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, parse
from pipeline.wiring import Runtime
from sandbox.api import Sandbox

SMALL = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=6_000_000)
MODULE = '''\
def span(xs, low=0):
    """How far apart; nothing is 0 apart."""
    if not xs:
        return 0
    top = max(xs)
    if top < low:
        raise ValueError("too low")
    total = 0
    for x in xs:
        total += x
    return top - min(xs) if len(xs) > 1 else total * 0


def unreached(x):
    return x + 1
'''
TESTS = """\
import pytest
from apart import span


class TestSpan:
    def test_two(self):
        assert span([1, 4]) == 3

    @pytest.mark.parametrize("n", [2, 3])
    def test_one(self, n):
        assert span([n]) == 0


def test_nothing():
    assert span([]) == 0


def test_three():
    assert span([5, 9, 7]) == 4


def test_low():
    with pytest.raises(ValueError, match="too low"):
        span([-3])


def test_always_fails():
    assert False
"""


@pytest.fixture
def package(tmp_path: Path) -> Package:
    for name in ("pristine", "project"):
        (tmp_path / name / "tests").mkdir(parents=True)
        settings = '[tool.pytest.ini_options]\npythonpath = ["."]\n'
        (tmp_path / name / "pyproject.toml").write_text(settings)
        (tmp_path / name / "apart.py").write_text(MODULE)
        (tmp_path / name / "tests" / "test_apart.py").write_text(TESTS)
    return Package(
        wanted="apart==1",
        pristine=tmp_path / "pristine",
        project=tmp_path / "project",
        environment=Path(sys.prefix),
    )


def test_bugs_differ_can_be_parsed_and_are_of_many_kinds():
    document = Document(text=MODULE)
    found = list(bugs_of(document, find_function(document, "span"), Random(0)))
    assert len({bug.text for bug in found}) >= 30
    assert all(parse(bug.text) and bug.text != MODULE for bug in found)
    kinds = Counter(bug.kind for bug in found)
    assert set(kinds) >= {"compare", "constant", "condition", "variable", "statement dropped"}
    assert set(kinds) & FOREIGN >= {"guard dropped", "default", "update lost", "result"}
    assert FOREIGN - set(RULES) == {"guard dropped", "statements dropped", "default", "two places"}
    again = list(bugs_of(document, find_function(document, "span"), Random(0)))
    assert again == found


def test_a_planted_bug_is_noticed_and_half_of_what_notices_is_hidden(package: Package):
    before = baseline(package)
    assert len(before.passed) == 6
    assert not any("always_fails" in name for name in before.passed)
    assert set(before.reached) == {("apart.py", 1)}
    (bug,) = islice(planted(package, before, 3, stubs=False), 5)
    assert (bug.name, bug.line, bug.file) == ("span", 1, Path("apart.py"))
    assert (package.project / "apart.py").read_text() == MODULE
    check_hidden(package, bug)


def check_hidden(package: Package, bug: Planted) -> None:
    """With the bug the hidden tests fail, and are not there in what Atlas sees."""
    hidden, visible = set(bug.split.hidden), set(bug.split.visible)
    assert hidden
    assert visible
    assert not hidden & visible
    n_functions = {name.partition("[")[0] for name in hidden | visible}
    assert len({name.partition("[")[0] for name in hidden}) <= len(n_functions) / 2
    (package.project / bug.file).write_text(bug.bug.text)
    assert not run_tests(package).passed & (hidden | visible)
    for file, text in bug.split.files:
        (package.project / file).write_text(text)
    seen = run_tests(package)
    assert not set(seen.ends) & hidden
    assert {name for name, end in seen.ends.items() if end == "failed"} >= visible
    package.restore()
    assert len(run_tests(package).passed) == 6


WRONG_FOR = {
    "test_nothing": ("return 0", "return 1"),
    "test_one": ("total * 0", "total"),
    "test_low": ("top < low", "top < 2 * low - 9"),
}
"""What fails one test only."""


async def scored(box: Sandbox, package: Package, seed: int, answer: str) -> Score:
    """What comes of the emptied body when the model gives this answer."""
    model = ScriptedModel([f"```python\n{answer}\n```"] * 20, info=SMALL)
    settings = Settings(
        k=1, mechanical=False, plan_search=False, thinking_tokens=0, timeout_s=300.0
    )
    plan = Plan(n=1, seed=seed, stubs=True, fix=False, settings=settings)
    told: list[Score] = []
    (score,) = await measured(Runtime(model=model, sandbox=box), package, plan, told.append)
    assert told == [score]
    assert (score.kind, score.rank) == ("stub", 1)
    assert (package.project / "apart.py").read_text() == MODULE
    return score


def hidden_test(package: Package, seed: int) -> str:
    (bug,) = planted(package, baseline(package), seed, stubs=True)
    names = [name.partition("[")[0].rpartition("::")[2] for name in bug.split.hidden]
    return next(name for name in names if name in WRONG_FOR)


async def test_what_atlas_offers_is_scored_by_the_tests_that_it_did_not_see(
    box: Sandbox, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    body = MODULE.partition("\n\n\n")[0]
    right = await scored(box, package, 1, body)
    assert (right.is_verified, right.is_right, right.n_broken) == (True, True, 0), right
    wrong = body.replace(*WRONG_FOR[hidden_test(package, 1)])
    assert wrong != body
    bad = await scored(box, package, 1, wrong)
    assert (bad.is_verified, bad.is_right) == (True, False), bad


def test_the_report_counts_what_was_scored():
    def score(status: str, is_right: bool, rank: int | None, n_broken: int = 0) -> Score:
        return Score(
            package="p==1",
            function="f",
            kind="compare",
            what="",
            n_failing=2,
            n_hidden=1,
            status=status,
            is_right=is_right,
            rank=rank,
            n_broken=n_broken,
        )

    scores = [
        score("verified", True, 1),
        score("verified", False, 2, n_broken=1),
        score("unverified", True, 4),
        score("none", False, None),
    ]
    row = as_document(scores)["all"]
    assert isinstance(row, dict)
    told = {
        what: (value["k"], value["n"]) for what, value in row.items() if isinstance(value, dict)
    }
    assert told == {
        "fixed": (2, 4),
        "verified": (2, 4),
        "precision of verified": (1, 2),
        "right function first": (1, 4),
        "right function among three": (2, 4),
    }
    assert row["verified edits that break a test"] == 1
    assert "fixed 2 of 4" in as_text(scores)
