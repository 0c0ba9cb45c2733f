"""Chat templates: tags found, switches used, hostile ones contained."""

from __future__ import annotations

import pytest

from benchmarks.random_gguf import TEMPLATE
from pipeline.models.api import Message, ModelBroken
from pipeline.models.chat_template import CHATML, ChatTemplate, Tags

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
    assert ChatTemplate("{{ messages[0].content }}{# [THINK] [/THINK] #}").tags == Tags(
        "[THINK]", "[/THINK]"
    )


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


PARTS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% for p in m['content'] %}{% if p['type'] == 'text' %}{{ p['text'] }}{% endif %}{% endfor %}"
    "<|im_end|>\n{% endfor %}"
)
TALK = (*HELLO, Message(role="assistant", content="good day"), Message(role="user", content="bye"))


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}"
        "{% endgeneration %}{% else %}{{ m.content }}{% endif %}|{% endfor %}",
        "{% for m in messages %}{% generation %}{{ m.content }}|{% endgeneration %}{% endfor %}",
    ],
)
def test_blocks_that_mark_what_is_trained_are_inert(source: str):
    assert ChatTemplate(source).render(TALK, thinking=False) == "hello|good day|bye|"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", '{"b": "\u00e9", "a": 1}'),
        ("(indent=1)", '{\n "b": "\u00e9",\n "a": 1\n}'),
        ("(ensure_ascii=true, sort_keys=true)", '{"a": 1, "b": "\\u00e9"}'),
        ("(separators=(',', ':'))", '{"b":"\u00e9","a":1}'),
    ],
)
def test_json_in_a_template_takes_the_arguments_of_transformers(arguments: str, text: str):
    value = "{'b': '\u00e9', 'a': 1}"
    source = "{{ messages[0].content }}{{ " + value + " | tojson" + arguments + " }}"
    assert ChatTemplate(source).render(HELLO, thinking=False) == f"hello{text}"


def test_content_is_given_in_parts_where_the_template_wants_it_so():
    assert ChatTemplate(PARTS).render(HELLO, thinking=False) == (
        "<|im_start|>user\nhello<|im_end|>\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}<|im_start|>{{ m.role }}<|im_end|>{% endfor %}",
        "{% for m in messages %}{% if m.role == 'human' %}{{ m.content }}{% endif %}{% endfor %}",
        "x",
    ],
)
def test_a_template_that_loses_the_message_is_refused_at_once(source: str):
    with pytest.raises(ModelBroken, match="without a word of the message"):
        ChatTemplate(source)
