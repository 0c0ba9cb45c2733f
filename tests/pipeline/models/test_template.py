"""Chat templates: tags found, switches used, hostile ones contained."""

from __future__ import annotations

import pytest

from benchmarks.random_gguf import TEMPLATE
from pipeline.models.api import Message, ModelBroken
from pipeline.models.template import CHATML, ChatTemplate, Tags

HELLO = (Message(role="user", content="hello"),)
NO_SWITCH = CHATML + "{# thinks: <think> and </think> #}"
OPENS = "{% for m in messages %}{{ m.content }}{% endfor %}\nassistant:<think>\n{# </think> #}"


def check(source: str | None, *, thinking: bool, ends: str) -> None:
    assert ChatTemplate(source).render(HELLO, thinking=thinking).endswith(ends)


def test_thinking_is_opened_and_closed_by_the_switch():
    check(TEMPLATE, thinking=True, ends="assistant\n<think>\n")
    check(TEMPLATE, thinking=False, ends="assistant\n<think>\n\n</think>\n\n")


def test_without_a_switch_an_empty_block_is_given():
    check(NO_SWITCH, thinking=True, ends="assistant\n<think>\n")
    check(NO_SWITCH, thinking=False, ends="assistant\n<think>\n\n</think>\n\n")


def test_a_template_that_opens_the_thinking_is_not_opened_twice():
    assert ChatTemplate(OPENS).render(HELLO, thinking=True).count("<think>") == 1
    check(OPENS, thinking=False, ends="<think>\n\n</think>\n\n")


def test_no_template_is_chatml_without_tags():
    template = ChatTemplate(None)
    assert template.tags is None
    assert template.render(HELLO, thinking=False, prefill="x") == (
        "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\nx"
    )


def test_other_tags_are_found():
    assert ChatTemplate("{# [THINK] [/THINK] #}").tags == Tags("[THINK]", "[/THINK]")


@pytest.mark.parametrize(
    "source",
    [
        "{% for %}",
        "{{ raise_exception('no system role') }}",
        "{{ messages.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ undefined.attribute }}",
    ],
)
def test_broken_and_hostile_templates_are_model_errors(source: str):
    with pytest.raises(ModelBroken, match="chat template"):
        ChatTemplate(source).render(HELLO, thinking=False)
