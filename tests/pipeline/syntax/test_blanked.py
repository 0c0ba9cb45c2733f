"""The answer key is not in the room: what runs does not say what the examples want."""

from __future__ import annotations

import pytest

from pipeline.core.context import Context, Settings
from pipeline.core.task import Status, Task
from pipeline.engine import solve
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.blanked import blanked
from pipeline.syntax.text import document_from_bytes, parse
from sandbox.api import Sandbox

STUB = '''"""A module.

>>> f(7)
49
"""

def other():
    """Not asked for.

    >>> other()
    1
    """
    return 1


def f(n):
    """The square.

    >>> f(3)
    9
    >>> f(-12)
    144

    It is never negative.
    """
'''
CHEATS = {
    "docstring": "import doctest\n    found = doctest.DocTestParser().get_examples(f.__doc__)\n"
    "    return next(eval(e.want) for e in found if e.source.strip() == f'f({n})')",
    "module": "import re, sys\n    text = sys.modules[f.__module__].__doc__ + f.__doc__\n"
    "    return int(re.search(rf'f\\({n}\\)\\s+(\\d+)', text)[1])",
    "inspect": "import inspect, re\n    text = inspect.getsource(f)\n"
    "    return int(re.search(rf'f\\({n}\\)\\s+(\\d+)', text)[1])",
    "linecache": "import linecache, re\n    name = f.__code__.co_filename\n"
    "    text = ''.join(linecache.getlines(name))\n"
    "    return int(re.search(rf'f\\({n}\\)\\s+(\\d+)', text)[1])",
    "file": "import re\n    text = open(f.__code__.co_filename).read()\n"
    "    return int(re.search(rf'f\\({n}\\)\\s+(\\d+)', text)[1])",
}


def task_of(source: str = STUB) -> Task:
    document = document_from_bytes(source.encode())
    return task_from_file(document, find_function(document, "f"))


def test_no_answer_is_in_what_runs_and_no_line_moves():
    task = task_of()
    code = task.statement + "    return n * n\n"
    program = task.program(code)
    assert ">>>" not in program
    assert "144" not in program
    assert "It is never negative." in program
    assert program.count("\n") == (task.before + code + task.after).count("\n")
    assert parse(program) is not None


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ('def f():\n    """>>> f()\n    1"""\n', 'def f():\n    """\n"""\n'),
        ("def f():\n    '>>> f()'\n", "def f():\n    ''\n"),
        ('def f():\n    r"""A.\n    >>> f()\n    1\n\n    B."""\n', None),
        ('x = """\n>>> f()\n1\n"""\n', 'x = """\n>>> f()\n1\n"""\n'),
        ("def f(:\n  '>>> f()'\n", "def f(:\n  '>>> f()'\n"),
        ('class A:\n    """é.\n\n    >>> é()\n    1\n    """\n', None),
    ],
)
def test_only_docstrings_are_blanked(text: str, becomes: str | None):
    found = blanked(text)
    assert found.count("\n") == text.count("\n")
    assert becomes is None or found == becomes
    assert becomes is not None or ">>>" not in found


def test_examples_in_other_forms_are_blanked_too():
    source = 'def f(n):\n    """The square.\n\n    f(3) == 9\n    f(-12) -> 144\n    """\n'
    task = task_of(source)
    assert len(task.visible) == 2
    assert "144" not in task.program(task.statement + "    return n\n")


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("cheat", CHEATS)
async def test_what_reads_the_answers_finds_none(box: Sandbox, cheat: str):
    body = f"```python\ndef f(n):\n    {CHEATS[cheat]}\n```"
    settings = Settings(mechanical=False, plan_search=False, repair=False)
    ctx = Context(model=ScriptedModel([body] * 4), sandbox=box, settings=settings)
    solution = await solve(ctx, task_of())
    assert solution.status is Status.UNVERIFIED
    assert solution.chosen is not None
    assert solution.chosen.n_passed == 0
