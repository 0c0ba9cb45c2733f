"""What the model is told around a function: helpers whole while they are short, in one budget."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.generate.asking import to_solve
from pipeline.models.api import ModelInfo
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.source.shown import MAX_CONTEXT_CHARS, MAX_UNNAMED_CHARS
from pipeline.syntax.text import Document

HELPER = '''
def poly(xs, x):
    """Evaluate a polynomial, lowest power first."""
    return sum(c * x**i for i, c in enumerate(xs))
'''
LONG = f'''
def slow(xs):
    """Take the long way round.

    More about it.
    """
{"    xs = list(xs)" * 1}
{chr(10).join(f"    xs.append({n})" for n in range(60))}
    return xs
'''


def check(name: str, text: str, *shown: str, absent: tuple[str, ...] = ()) -> str:
    document = Document(text=text)
    task = task_from_file(document, find_function(document, name))
    found = f"{task.context}\n{task.nearby}".strip("\n")
    for one in shown:
        assert one in found
    for one in absent:
        assert one not in found
    assert len(found) <= MAX_CONTEXT_CHARS
    return found


def test_a_short_helper_is_shown_whole_and_a_long_one_by_what_it_says():
    text = f"{HELPER}{LONG}\n\ndef f(xs):\n    return poly(slow(xs), 2)\n"
    check("f", text, HELPER.strip(), "def slow(xs):", "Take the long way round.")
    check("f", text, absent=("xs.append(3)", "More about it"))


def test_a_stub_is_told_what_it_could_call():
    text = f'RATE = 3\n{HELPER}\n\ndef f(xs):\n    """Scale it."""\n'
    check("f", text, "RATE = 3", "def poly(xs, x):", "lowest power first", absent=("enumerate",))
    many = "".join(f"def g{n}(x):\n    return x + {n}\n" for n in range(300))
    assert len(check("f", f"{many}\ndef f(x):\n    ...\n")) <= MAX_UNNAMED_CHARS


@pytest.mark.parametrize("call", ["f(4, 2)", "value.f(4, 2)"])
def test_callers_show_how_it_is_used(call: str):
    text = f"def f(a, b):\n    return a\n\ndef g(value):\n    if value:\n        return {call}\n"
    check("f", text, f"# g calls it:\n#     return {call}")
    check("g", text, absent=("calls it",))


def test_what_does_not_fit_is_left_out_whole():
    big = "".join(f"def g{n}(x):\n    return x + {10**200 + n}\n" for n in range(40))
    body = " + ".join(f"g{n}(x)" for n in range(40))
    found = check("f", f"{big}\ndef f(x):\n    return {body}\n", "def g0(x)")
    assert all(line.startswith(("def ", "    return", "    ...")) for line in found.split("\n"))


def test_a_class_that_is_used_is_shown_by_its_methods():
    text = (
        'class Money:\n    """An amount."""\n'
        + "".join(f"    def m{n}(self):\n        return {n} * 1000\n" for n in range(12))
        + "\n\ndef f(x):\n    return Money()\n"
    )
    check("f", text, "class Money:", "An amount.", "def m3(self):", absent=("3 * 1000",))


def test_a_model_that_was_trained_on_bare_functions_is_shown_no_others():
    """It would answer with the wrong one."""
    document = Document(text='def wanted(n):\n    """Twice n."""\n\n\ndef other():\n    return 1\n')
    task = task_from_file(document, find_function(document, "wanted"))
    chat = ModelInfo(name="chat", backend="scripted")
    trained = replace(chat, prompts="trained")
    assert "def other" in to_solve(chat, task).messages[-1].content
    assert "def other" not in to_solve(trained, task).messages[-1].content
