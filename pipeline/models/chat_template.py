"""The chat template of a GGUF file, rendered with jinja2 in its sandbox; finds the thinking tags.

Templates come with the model file and are foreign code: they see messages and nothing else.
They are written for transformers, whose dialect is met as far as a prompt needs it.
Not covered: tools, documents, pictures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pipeline.models.api import Message, ModelBroken

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
KNOWN_TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("[THINK]", "[/THINK]"),
)


@dataclass(frozen=True)
class Tags:
    """The texts that open and close the thinking of a model."""

    begin: str
    end: str


def find_tags(template: str) -> Tags | None:
    """The thinking tags that a template names, None where it names none that we know."""
    for begin, end in KNOWN_TAGS:
        if end in template:
            return Tags(begin, end)
    return None


MARK = "a_word_that_no_template_says"
"""Stands for a message when a template is tried."""


class ChatTemplate:
    """Raises ModelBroken at construction if the template does not parse or loses what is said."""

    def __init__(self, source: str | None, *, bos: str = "", eos: str = "") -> None:
        self._source = source or CHATML
        self._specials = {"bos_token": bos, "eos_token": eos}
        self.tags = find_tags(self._source)
        try:
            self._template = _environment().from_string(self._source)
        except jinja2.TemplateError as exc:
            raise ModelBroken(f"the model's chat template does not parse: {exc}") from exc
        self._in_parts = False
        self._in_parts = self._wants_parts()

    def render(self, messages: Sequence[Message], *, thinking: bool, prefill: str = "") -> str:
        """The prompt text up to where the model goes on: in its thinking, or in its answer.

        Without thinking the template's own switch is used (`enable_thinking`); a template that
        knows tags and has no switch gets an empty thinking block.
        """
        text = self._render(messages, thinking=thinking)
        if self.tags is None:
            return text + prefill
        opened = text.rstrip().endswith(self.tags.begin)
        if thinking:
            return text if opened else f"{text}{self.tags.begin}\n"
        if opened:
            text = f"{text.rstrip()}\n\n{self.tags.end}\n\n"
        elif not self._has_switch:
            text += f"{self.tags.begin}\n\n{self.tags.end}\n\n"
        return text + prefill

    @property
    def _has_switch(self) -> bool:
        return "enable_thinking" in self._source

    def _wants_parts(self) -> bool:
        """Whether a message reaches the prompt only as a list of parts; as text it is tried first.

        Raises ModelBroken where neither does: such a prompt would be answered, and be nonsense.
        """
        said = (Message(role="user", content=MARK),)
        reasons = []
        for self._in_parts in (False, True):
            try:
                if MARK in self._render(said, thinking=False):
                    return self._in_parts
            except ModelBroken as exc:
                reasons.append(str(exc))
        raise ModelBroken(
            reasons[0]
            if reasons
            else "the model's chat template yields a prompt without a word of the message,"
            " given as text or in parts; take another file of the model"
        )

    def _render(self, messages: Sequence[Message], *, thinking: bool) -> str:
        dicts = [{"role": m.role, "content": self._content(m.content)} for m in messages]
        try:
            return self._template.render(
                messages=dicts,
                add_generation_prompt=True,
                enable_thinking=thinking,
                **self._specials,
            )
        except (jinja2.TemplateError, TypeError, ValueError) as exc:
            raise ModelBroken(f"the model's chat template failed: {exc}") from exc

    def _content(self, text: str) -> str | list[dict[str, str]]:
        return [{"type": "text", "text": text}] if self._in_parts else text


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _now
    return environment


class _Generation(Extension):
    """`{% generation %}`: marks for training what the assistant said; inert here."""

    tags: set[str] = {"generation"}  # noqa: RUF012 - so it is declared by jinja2

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """As transformers defines the filter, in names and order of its arguments."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators and (separators[0], separators[1]),
        sort_keys=sort_keys,
    )


def _refuse(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)
