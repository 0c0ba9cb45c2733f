"""What is made of a whole answer: thinking taken out, stop strings cut, logprobs averaged."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.models.chat_template import Tags

WINDOW = 16
"""Answer tokens in the window of `min_window_logprob`."""


def split_thinking(thinking: str, answer: str, tags: Tags | None) -> tuple[str, str]:
    """Move a thinking block that the model opened in its answer to where it belongs."""
    if tags is None or not answer.lstrip().startswith(tags.begin):
        return thinking.strip(), answer.lstrip("\n")
    inner, _, rest = answer.lstrip()[len(tags.begin) :].partition(tags.end)
    return (thinking + inner).strip(), rest.lstrip("\n")


def cut_at_stop(text: str, stops: Sequence[str]) -> str:
    """The text before the first stop string."""
    ends = [at for stop in stops if stop and (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def lowest_window(values: Sequence[float]) -> float | None:
    """Lowest mean over 16 consecutive values; the mean where there are fewer."""
    if len(values) <= WINDOW:
        return mean(values)
    total = lowest = sum(values[:WINDOW])
    for new, old in zip(values[WINDOW:], values, strict=False):
        total += new - old
        lowest = min(lowest, total)
    return lowest / WINDOW
