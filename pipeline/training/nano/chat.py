"""Qwen3's chat format: the Jinja template for the GGUF, and the same text for the corpus."""

from __future__ import annotations

TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}"
    "{%- endif %}"
    "{%- endif %}"
)
"""As Qwen3's: without thinking the prompt has the empty block, else the model writes `<think>`."""

END = "<|im_end|>"


def prompt_text(content: str, *, thinking: bool) -> str:
    """What the model reads for one user message, up to where it writes."""
    empty = "" if thinking else "<think>\n\n</think>\n\n"
    return f"<|im_start|>user\n{content}{END}\n<|im_start|>assistant\n{empty}"


def answer_text(answer: str, *, thought: str | None) -> str:
    """What the model writes; `thought` None means that thinking was off."""
    block = "" if thought is None else f"<think>\n{thought}\n</think>\n\n"
    return block + answer + END
