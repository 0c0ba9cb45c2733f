"""What each condition switches."""

from __future__ import annotations

import pytest

from pipeline.bench.conditions import SWITCHES, condition_of, settings_of
from pipeline.bench.records import BenchError
from pipeline.core.context import Settings


def check(name: str) -> Settings:
    return settings_of(condition_of(name), Settings(k=3))


def test_only_d_repairs():
    assert [name for name in ("A", "B", "C", "D", "R3") if check(name).repair] == ["D"]
    assert [name for name in ("A", "B", "C", "D", "R3") if check(name).mechanical] == ["D"]


@pytest.mark.parametrize("stage", SWITCHES)
def test_any_single_stage_can_be_off(stage: str):
    off, on = check(f"D-{stage}"), check("D")
    field = "thinking_tokens" if stage == "thinking" else stage
    assert not getattr(off, field)
    differing = [
        name for name in on.__dataclass_fields__ if getattr(on, name) != getattr(off, name)
    ]
    assert differing == [field]


def test_plain_samples_have_no_plan_no_framing_and_no_thinking():
    settings = check("R12")
    assert settings.k == 12
    assert not any((settings.probe, settings.plan_search, settings.div_sampling))
    assert settings.thinking_tokens == 0


@pytest.mark.parametrize("name", ["", "Q", "R", "R0", "A B", "D-", "D-nothing", "a"])
def test_what_is_no_condition_is_refused_by_name(name: str):
    with pytest.raises(BenchError):
        condition_of(name)
