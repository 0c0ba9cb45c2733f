"""Calls that stand in other code, read without running it."""

from __future__ import annotations

import ast

from pipeline.inputs.callers import WrittenCall, written_calls
from pipeline.inputs.target import target_of
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document

SOURCE = '''def f(a, b=0):
    """Add.

    >>> list(f("x"))
    ['x']
    """
    return a


class Box:
    def __init__(self, n):
        self.n = n

    def put(self, item):
        return item
'''


def check(text: str, name: str = "f") -> list[WrittenCall]:
    document = Document(text=SOURCE)
    target = target_of(document, find_function(document, name))
    return list(written_calls(ast.parse(text), target))


def arguments(text: str, name: str = "f") -> list[tuple[object, ...]]:
    return [(*one.call.args, *one.call.kwargs.values()) for one in check(text, name)]


def test_arguments_are_followed_to_what_they_were_bound_to():
    lines = ("xs = [1, 2]", "n, m = 3, 4", "assert f(xs, b=n) == f(WORD)")
    text = "WORD = 'a'\ndef test():\n" + "".join(f"    {line}\n" for line in lines)
    assert arguments(text) == [([1, 2], 3), ("a",)]
    assert arguments("def test():\n    assert mod.f(range(3)) and f('a b'.split(), [0] * 2)\n") == [
        ([0, 1, 2],),
        (["a", "b"], [0, 0]),
    ]


def test_rows_of_parametrize_of_loops_and_of_fixtures_are_read():
    mark = "@pytest.mark.parametrize(('a', 'want'), [(1, 2), pytest.param(3, 4, id='x')])\n"
    assert arguments(f"{mark}def test(a, want):\n    assert f(a) == want\n") == [(1,), (3,)]
    loop = "def test():\n    for a, want in [('x', 1), ('y', 2)]:\n        assert f(a) == want\n"
    assert arguments(loop) == [("x",), ("y",)]
    fixture = "@pytest.fixture\ndef rows():\n    return [[1]]\n"
    assert arguments(f"{fixture}def test(rows):\n    assert f(rows)\n") == [([[1]],)]


def test_what_is_checked_and_what_is_wanted_is_told():
    text = (
        "def test():\n    f(1)\n    assert f(2)\n    with pytest.raises(KeyError):\n        f(3)\n"
    )
    found = [(one.call.args[0], one.is_checked, one.raises) for one in check(text)]
    assert found == [(1, False, ""), (2, True, ""), (3, True, "KeyError")]
    unit = "class T(TestCase):\n    def test(self):\n        self.assertEqual(f(1), 2)\n"
    assert [one.is_checked for one in check(unit)] == [True]


def test_examples_in_docstrings_and_methods_of_new_objects_count():
    assert arguments(SOURCE) == [("x",)]
    lines = ("box = Box(3)", "assert box.put('a') and Box(4).put([1])", "other.put(1)")
    text = "def test():\n" + "".join(f"    {line}\n" for line in lines)
    assert arguments(text, "Box.put") == [(3, "a"), (4, [1])]


def test_what_cannot_be_read_is_left_out():
    assert arguments("def test(x):\n    f(x)\n    f(open('y'))\n    f(*[1])\n    f(**{})\n") == []
    assert arguments("def test():\n    x = 1\n    x += 1\n    f(x)\n    f('a' * 10**9)\n") == []


def test_code_of_every_kind_is_read_without_a_fault():
    """Names may stand for text that no longer fits where they stood."""
    loop = 'for k, v in g(f"{a}").items():'
    text = f'def test(x):\n    a = f"{{x}}\\n"\n    {loop}\n        f(k)\n        a += a\n'
    assert arguments(text) == []
    grown = "".join("    a = [a, a]\n" for _ in range(60))
    assert arguments(f"def test():\n    a = 1\n{grown}    f(a)\n    f(2)\n")[-1] == (2,)
