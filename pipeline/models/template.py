"""The chat template of a GGUF file, rendered with jinja2 in its sandbox; finds the thinking tags.

Templates come with the model file and are foreign code: they see messages and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

import jinja2
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


class ChatTemplate:
    """Raises ModelBroken at construction if the template does not parse."""

    def __init__(self, source: str | None, *, bos: str = "", eos: str = "") -> None:
        self._source = source or CHATML
        self._specials = {"bos_token": bos, "eos_token": eos}
        self.tags = find_tags(self._source)
        try:
            self._template = _environment().from_string(self._source)
        except jinja2.TemplateError as exc:
            raise ModelBroken(f"the model's chat template does not parse: {exc}") from exc

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

    def _render(self, messages: Sequence[Message], *, thinking: bool) -> str:
        dicts = [{"role": m.role, "content": m.content} for m in messages]
        try:
            return self._template.render(
                messages=dicts,
                add_generation_prompt=True,
                enable_thinking=thinking,
                **self._specials,
            )
        except (jinja2.TemplateError, TypeError, ValueError) as exc:
            raise ModelBroken(f"the model's chat template failed: {exc}") from exc


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = _now
    return environment


def _to_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)
