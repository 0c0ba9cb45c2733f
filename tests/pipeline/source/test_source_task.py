"""A task shows the function, and its program runs it with what it needs and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from pipeline.core.task import Task
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document

MODULE = '''#!/usr/bin/env python
# coding: utf-8
"""Module."""
from __future__ import annotations
import math
import tkinter
import requests
from typing import TYPE_CHECKING, overload
if TYPE_CHECKING:
    from decimal import Decimal
LIMIT = 3
TABLE = {}
TABLE["a"] = 1
for _n in range(3):
    TABLE[_n] = _n
items = open("/nonexistent")
print("side effect")

def deco(function):
    return function

def helper(x):
    return x + LIMIT

@overload
def lookup(items: int) -> int: ...
@overload
def lookup(items: str) -> str: ...
@deco
def lookup(items):
    """Look up by `later`.

    >>> lookup(helper(-2))
    1
    """
    return TABLE[items]  # wrong

class Stack:
    """A stack."""
    size = LIMIT

    def __init__(self):
        self.items = []

    def push(self, item: Decimal):
        """Push, giving the number of items.

        >>> Stack().push(1)
        1
        """
        raise NotImplementedError

    def pop(self):
        return self.items.pop()

def outer(x):
    """
    >>> outer(1)
    2
    """
    base = 1
    def inner(y):
        """Add."""
        ...
    return inner(x)

def later():
    return helper(1)

lookup.cache = {}
if __name__ == "__main__":
    raise SystemExit(1)
'''


def check(name: str, text: str = MODULE) -> Task:
    document = Document(text=text, path="a.py")
    return task_from_file(document, find_function(document, name))


def ran(task: Task, code: str, expression: str) -> str:
    """What the program prints for an expression, in a process of its own."""
    program = task.program(code) + f"\nprint(repr(({expression})))\n"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_body_is_shown_and_a_stub_ends_where_its_body_goes() -> None:
    assert check("lookup").statement.endswith("return TABLE[items]  # wrong\n")
    assert not check("lookup").is_stub
    stub = check("Stack.push")
    assert stub.is_stub
    assert stub.statement == (
        "def push(self, item: Decimal):\n"
        '    """Push, giving the number of items.\n\n'
        '    >>> Stack().push(1)\n    1\n    """\n'
    )


def test_a_stub_without_a_docstring_is_its_header_with_its_comment() -> None:
    task = check("f", "def f(x):  # squares\n    ...\n")
    assert task.statement == "def f(x):  # squares\n"


@pytest.mark.parametrize("name", ["lookup", "Stack.push", "outer.inner", "later", "deco"])
def test_the_program_with_the_old_text_parses_and_has_the_function(name: str) -> None:
    task = check(name)
    statement = task.statement if not task.is_stub else task.statement + "    pass\n"
    tree = ast.parse(task.program(statement))
    names = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    assert set(name.split(".")) <= names


def test_what_is_needed_is_there_and_side_effects_are_not() -> None:
    task = check("lookup")
    program = task.program(task.statement)
    for kept in ("LIMIT = 3", 'TABLE["a"] = 1', "TABLE[_n] = _n", "def helper", "def later"):
        assert kept in program
    for dropped in ("open(", "side effect", "__main__", "requests", "tkinter", "class Stack"):
        assert dropped not in program
    assert program.startswith("from __future__ import annotations\nimport math\n")


def test_the_program_runs() -> None:
    lookup = check("lookup")
    assert ran(lookup, lookup.statement, "lookup('a'), lookup(2)") == "(1, 2)"
    push = check("Stack.push")
    code = push.statement + "    self.items.append(item)\n    return len(self.items)\n"
    assert ran(push, code, "Stack().push(1), Stack.size") == "(1, 3)"
    inner = check("outer.inner")
    assert ran(inner, "def inner(y):\n    return y + base\n", "outer(1)") == "2"


def test_kinds_indents_and_visible_tests() -> None:
    push, inner = check("Stack.push"), check("outer.inner")
    assert (push.kind, push.indent, push.entry_point) == ("method", "    ", "Stack.push")
    assert (inner.kind, inner.indent, inner.entry_point) == ("function", "    ", "outer.inner")
    assert [v.text for v in inner.visible] == [">>> outer(1)\n2"]
    assert [v.text for v in push.visible] == [">>> Stack().push(1)\n1"]


def test_the_context_shows_helpers_and_the_class_without_bodies() -> None:
    assert "def later():\n    return helper(1)" in check("lookup").context
    outline = check("Stack.push").context
    assert "class Stack:" in outline
    assert "self.items = []" in outline
    assert "self.items.pop()" not in outline
    assert "def push" not in outline
    assert check("f", "def f(x):\n    ...\n").context == ""


@pytest.mark.parametrize(
    "text",
    [
        "A = 1\n\ndef f():\n    return globals()['A']\n",
        "A = 1\nimport sys\n\ndef f():\n    return getattr(sys.modules[__name__], 'A')\n",
        "A = 1\n\ndef g():\n    return eval('A')\n\ndef f():\n    return g()\n",
    ],
)
def test_names_that_cannot_be_followed_keep_the_whole_module(text: str) -> None:
    task = check("f", text)
    assert ran(task, task.statement, "f()") == "1"


def test_star_imports_stay_where_a_name_may_come_from_them() -> None:
    assert (
        "from os.path import *"
        in check("f", "from os.path import *\ndef f(x):\n    return join(x)\n").before
    )


def test_a_local_name_does_not_pull_in_a_global_of_that_name() -> None:
    text = (
        "data = open('/nonexistent')\ndef f(data):\n    x = [data for data in [1]]\n    return x\n"
    )
    assert check("f", text).before == ""


def test_a_function_in_a_condition_keeps_the_condition() -> None:
    text = "import sys\nif sys:\n\tN = 2\n\tdef f(x):\n\t\treturn x * N\nelse:\n\tf = None\n"
    task = check("f", text)
    assert task.indent == "\t"
    assert ran(task, "def f(x):\n\treturn N + x\n", "f(2)") == "4"


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_endings_and_boms_do_not_reach_the_task(newline: str) -> None:
    plain, other = (
        check("Stack.push"),
        check("Stack.push", "\ufeff" + MODULE.replace("\n", newline)),
    )
    assert plain == other


def test_indenting_leaves_what_strings_say() -> None:
    task = check("Stack.push")
    code = "def push(self, item):\n    return '''a\nb\n  c\u2028d'''\n"
    assert ran(task, code, "Stack().push(1)") == repr("a\nb\n  c\u2028d")


def test_ids_of_visible_tests_are_unique() -> None:
    docstring = "f(1) == 1, f(2) == 2\n    For x = 3 the output should be 3\n"
    text = f'def f(x):\n    """\n    {docstring}    """\n'
    ids = [v.test.test_id for v in check("f", text).visible]
    assert len(ids) == len(set(ids)) == 3
