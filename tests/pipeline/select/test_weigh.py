"""A probability is that of this very model file, or says that other models lent it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.events import Decided, Event, StageEnded
from pipeline.core.task import Solution
from pipeline.engine import solve
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.select.calibrated import STAGE, calibrated_for, calibration_file
from pipeline.select.evidence import KINDS
from pipeline.select.posterior import fit, to_json
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.wiring import NANO
from sandbox.api import Sandbox
from tests.pipeline.select.test_posterior import noisy_tasks

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHA = "5" * 64
NANO_SHA = json.loads((NANO.parent / "nano.json").read_text())["sha256"]
Q05_SHA = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
"""Of Qwen2.5-Coder-0.5B-Instruct in Q4_K_M."""
STUB = 'def double(n: int) -> int:\n    """Twice n.\n\n    >>> double(2)\n    4\n    """\n'
UNDOCUMENTED = 'def double(n: int) -> int:\n    """Twice n."""\n'
UNTYPED = 'def double(n, a, b, c):\n    """Twice n, whatever the others are."""\n'
INFO = ModelInfo(name="scripted", backend="scripted", sha256=SHA, n_ctx=1 << 20, n_params=6_000_000)


@pytest.fixture
def calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder in which someone calibrated the scripted model."""
    monkeypatch.setenv("HOME", str(tmp_path))
    sets = (("visible", "agreement"), ("agreement",), ("visible",))
    models = [fit(noisy_tasks(60), kinds=kinds, k=3) for kinds in (*sets, KINDS)]
    folder = tmp_path / ".local" / "share" / "atlas" / "lenses"
    folder.mkdir(parents=True)
    data = {**to_json(models, "made here"), "model_sha256": SHA}
    (folder / calibration_file(SHA)).write_text(json.dumps(data))
    calibrated_for.cache_clear()
    yield folder
    calibrated_for.cache_clear()


async def check(
    box: Sandbox, source: str, answers: list[str], info: ModelInfo = INFO
) -> tuple[Solution, list[Event]]:
    events: list[Event] = []
    document = document_from_bytes(source.encode())
    ctx = Context(
        model=ScriptedModel(
            [f"```python\ndef double(n):\n    {a}\n```" for a in answers], info=info
        ),
        sandbox=box,
        settings=Settings(plan_search=False, mechanical=False, thinking_tokens=0, repair=False),
        emit=events.append,
    )
    return await solve(ctx, task_from_file(document, find_function(document, "double"))), events


def ended(events: list[Event]) -> StageEnded:
    (one,) = [e for e in events if isinstance(e, StageEnded) and e.stage == STAGE]
    return one


async def test_a_calibrated_model_says_its_probability(box: Sandbox, calibrated: Path):
    solution, events = await check(box, STUB, ["return 2 * n"])
    assert solution.probability is not None
    assert 0 < solution.probability < 1
    assert any("estimated probability" in line for line in solution.evidence)
    assert ended(events).acted
    (decided,) = [e for e in events if isinstance(e, Decided) and e.what == STAGE]
    assert 0 <= float(decided.numbers["none"] or 0) <= 1


async def test_an_uncalibrated_model_borrows_its_odds_aloud(box: Sandbox, calibrated: Path):
    other = ModelInfo(name="other", backend="scripted", sha256="6" * 64, n_params=6_000_000)
    solution, events = await check(box, STUB, ["return 2 * n"], other)
    assert "other models' odds" in ended(events).detail
    assert solution.probability is not None
    (said,) = [line for line in solution.evidence if "estimated probability" in line]
    assert "atlas model calibrate" in said


async def test_without_examples_the_likeliest_behaviour_is_chosen(box: Sandbox, calibrated: Path):
    answers = ["return n ** 2", "return 2 * n", "return n + n", "return n * 2"]
    solution, _events = await check(box, UNDOCUMENTED, answers)
    assert solution.chosen is not None
    assert "n ** 2" not in solution.chosen.candidate.code
    assert solution.probability is not None


async def test_without_any_input_nothing_is_said_to_agree(box: Sandbox, calibrated: Path):
    solution, events = await check(box, UNTYPED, ["return n ** 2", *["return 2 * n"] * 3])
    assert solution.probability is None
    assert "no input" in ended(events).detail


@pytest.mark.parametrize("text", ["", "{", "[]", '{"model_sha256": "' + SHA + '"}'])
async def test_a_broken_calibration_counts_as_none(tmp_path: Path, text: str):
    (tmp_path / calibration_file(SHA)).write_text(text)
    assert not calibrated_for(SHA, tmp_path).is_own


async def test_a_calibration_serves_no_other_model(calibrated: Path):
    assert calibrated_for(SHA, calibrated).is_own
    (calibrated / calibration_file("6" * 64)).write_bytes(
        (calibrated / calibration_file(SHA)).read_bytes()
    )
    assert not calibrated_for("6" * 64, calibrated).is_own
    assert not calibrated_for("", calibrated).is_own


@pytest.mark.parametrize("sha256", [NANO_SHA, Q05_SHA, ""])
async def test_odds_are_shipped_for_every_evidence_and_size(sha256: str):
    found = calibrated_for(sha256)
    assert found.is_own is bool(sha256)
    for kinds in (("visible", "agreement"), ("agreement",), ("visible",)):
        assert {one.k for one in found.models if set(one.kinds) == set(kinds)} >= {1, 3}
