"""Where an answer is over, whoever began it."""

from __future__ import annotations

import pytest

from pipeline.models.ending import end_of_answer

PREFILL = '```python\nimport math\n\ndef area(r):\n    """Of a circle.\n```\n    not a fence\n"""\n'
BODY = "    if r < 0:\n        raise ValueError\n\n    return math.pi * r**2\n"


def check(text: str, kept: str | None, *, prefill: str = PREFILL) -> None:
    """Of `text`, as it comes piece by piece, `kept` is left when the end is seen."""
    for n in range(len(text) + 1):
        end = end_of_answer(prefill + text[:n], function="area", prefill=prefill)
        if end is not None:
            assert (prefill + text)[:end] == prefill + (kept or "")
            assert kept is not None
            return
    assert kept is None


@pytest.mark.parametrize(
    "after",
    [
        "```\nIt is pi times r squared.",
        "def helper():\n",
        "print(area(1))",
        "# Example usage",
        'if __name__ == "__main__":',
        "This function returns",
        "~~~",
    ],
)
def test_a_begun_function_ends_at_the_margin(after: str):
    check(BODY + after, BODY)


@pytest.mark.parametrize(
    "inside",
    [
        BODY,
        '    text = """\nat the margin\n"""\n    return text\n',
        "    return [\n1,\n2,\n    ]\n",
        "    return f(\n'a)',\n# (\n    )\n",
    ],
)
def test_lines_at_the_margin_inside_strings_and_brackets_end_nothing(inside: str):
    check(inside, None)
    check(inside + "```", inside)


def test_an_answer_that_begins_anew_ends_at_its_own_fence():
    again = "```python\ndef area(r):\n    return 3 * r * r\n```"
    check(again + "\nprose", again)
    check("\n" + again + "\nprose", "\n" + again)


def test_a_block_of_the_model_ends_the_answer_only_with_the_function_in_it():
    usage = "Certainly! Install:\n```sh\npip install x\n```\nThen:\n"
    block = "```python\nimport math\ndef area(r):\n    return math.pi * r**2\n```"
    check(usage + block + "\nThis works because", usage + block, prefill="")
    check(usage, None, prefill="")
    check("def area(r):\n    return 3\n\nprint(area(2))\n", None, prefill="")
