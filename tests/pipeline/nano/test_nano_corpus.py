"""The corpus: families are right, what is held out stays out, the prompts are Qwen3's."""

from __future__ import annotations

from random import Random

import jinja2
import pytest

from pipeline.prompts import render
from pipeline.training.nano import compose
from pipeline.training.nano.chat import TEMPLATE, prompt_text
from pipeline.training.nano.corpus import (
    draw_example,
    examples,
    first_failure,
    make_subject,
    spoken,
    wrong_body,
)
from pipeline.training.nano.family import Family
from pipeline.training.nano.instance import (
    all_families,
    faults,
    held_out_wording,
    instantiate,
    is_held_out,
    percent,
    training_wordings,
)

FAMILIES = all_families()


def check_absent(texts: list[str], corpus: list[str]) -> None:
    assert texts
    assert corpus
    found = [t for t in texts if t in corpus]
    assert not found, f"held out, yet in the corpus: {found[:3]}"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.key)
def test_a_family_is_right_on_its_own_values(family: Family):
    assert faults(family, n=6) == []


def test_there_are_enough_families_and_enough_held_out():
    held = [f for f in FAMILIES if is_held_out(f.key)]
    assert len(FAMILIES) >= 200
    assert len(held) >= 25


def test_every_family_keeps_one_wording_for_the_bench():
    for family in FAMILIES:
        assert held_out_wording(family) in family.wordings
        assert held_out_wording(family) not in training_wordings(family)


def test_the_same_seed_gives_the_same_examples():
    assert list(examples(5, 40)) == list(examples(5, 40))
    assert list(examples(5, 40)) != list(examples(6, 40))


def test_training_shows_no_held_out_family_join_or_joint():
    keys = [e.key for e in examples(11, 1500)]
    check_absent([f.key for f in FAMILIES if is_held_out(f.key)], keys)
    rng = Random(3)
    joins = [c for c in (compose.draw(rng, 2 + i % 2) for i in range(900)) if c.is_held_out]
    check_absent([j.key for j in joins], keys)


def test_training_shows_no_held_out_wording():
    """Drawn with wordings that carry their index, so that constants and names cannot hide one."""
    rng = Random(2)
    shown = 0
    for family in FAMILIES:
        if is_held_out(family.key):
            continue
        marked = Family(
            **{**family.__dict__, "wordings": tuple(f"#{i}#" for i in range(len(family.wordings)))}
        )
        example = draw_example([marked], rng)
        if example and not example.key.startswith("compose."):
            shown += 1
            assert example.wording != held_out_wording(marked)
    assert shown > 100


def test_held_out_pairs_and_triples_are_a_fixed_share():
    rng = Random(4)
    pairs = [compose.draw(rng, 2).is_held_out for _ in range(2000)]
    triples = [compose.draw(rng, 3).is_held_out for _ in range(2000)]
    assert 0.05 < sum(pairs) / len(pairs) < 0.3
    assert sum(triples) / len(triples) > 0.85
    assert percent("anything") == percent("anything")


@pytest.mark.parametrize("seed", range(25))
def test_a_planted_wrong_body_fails_a_visible_example_and_the_right_one_does_not(seed: int):
    rng = Random(seed)
    found = 0
    for _ in range(6):
        subject = make_subject(instantiate(rng.choice(FAMILIES), rng), rng, n_cases=3)
        if subject is None:
            continue
        assert first_failure(subject, subject.instance.body) is None
        wrong = wrong_body(subject, rng)
        if wrong:
            found += 1
            body, failure = wrong
            assert first_failure(subject, body) == failure
            assert failure.startswith(f"`{subject.instance.name}(")
            assert "` gave " in failure or "` raised " in failure
    assert found


def test_a_failure_is_told_as_the_sandbox_does_or_in_plain_words():
    told = {spoken("`f(2)` gave '3', expected '4'", Random(seed)) for seed in range(40)}
    assert told == {"`f(2)` gave '3', expected '4'", "f(2) should give 4 but gives 3."}
    raised = "`f(2)` raised TypeError: no"
    assert {spoken(raised, Random(seed)) for seed in range(10)} == {raised}


@pytest.mark.parametrize("seed", range(20))
def test_a_join_does_what_its_loop_does(seed: int):
    rng = Random(seed)
    instance = compose.instantiate(compose.draw(rng, 1 + seed % 3), rng)
    subject = make_subject(instance, rng, n_cases=3)
    assert subject is not None
    assert first_failure(subject, dict(instance.styles)["loop"]) is None


@pytest.mark.parametrize("thinking", [False, True])
def test_the_template_in_the_gguf_gives_the_training_prompt(thinking: bool):
    content = render("solve", style="trained", source="def f():\n    ...", hint="")
    template = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE)
    messages = [{"role": "user", "content": content}]
    text = template.render(messages=messages, add_generation_prompt=True, enable_thinking=thinking)
    assert text == prompt_text(content, thinking=thinking)
    if thinking:
        assert text == template.render(messages=messages, add_generation_prompt=True)
