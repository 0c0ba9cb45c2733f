"""What an edit could do to tests in its own process is seen in its text."""

from __future__ import annotations

import pytest

from pipeline.source.capabilities import new_capabilities
from pipeline.source.outside import changes_outside

BEFORE = "def f(xs):\n    return sorted(xs)\n"
MODULE = "import math\nimport pytest as pt\nfrom unittest import mock\nclass Till: pass\nN = {}\n"


def check(body: str, before: str = BEFORE) -> tuple[str, ...]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    after = f"def f(xs):\n{lines}"
    found = new_capabilities(before, after, module=MODULE)
    return (*found, *changes_outside(before, after))


@pytest.mark.parametrize(
    "body",
    [
        "import pytest; pytest.skip('x')",
        "pt.skip('x')",
        "return mock.ANY",
        "from _pytest.outcomes import Skipped; raise Skipped()",
        "raise SystemExit(0)",
        "class A(int):\n    def __eq__(self, other): return True\nreturn A()",
        "class A:\n    __eq__ = lambda *_: True\nreturn A()",
        "return type('A', (), {'__eq__': lambda *_: True})()",
        "math.sqrt = lambda x: x\nreturn xs",
        "Till.total = None\nreturn xs",
        "N['x'] = 1\nreturn xs",
        "global N\nN = 1\nreturn xs",
        "setattr(Till, 'a', 1)\nreturn xs",
        "type(xs).append = None\nreturn xs",
        "xs.__class__ = Till\nreturn xs",
        "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame.f_back.f_locals",
        "getattr(xs, 'f_' + 'back')",
        "__builtins__['len'] = None",
        "import sys\nreturn sys.argv",
        "return [c for c in object.__subclasses__()]",
    ],
)
def test_what_reaches_the_tests_is_named(body: str) -> None:
    assert check(body)


@pytest.mark.parametrize(
    "body",
    [
        "return sorted(xs)",
        "result = {}\nfor x in xs:\n    result[x] = result.get(x, 0) + 1\nreturn result",
        "node = xs\nnode.next = None\nreturn node",
        "xs.total = 1\nxs[0] = 2\nreturn xs",
        "class P:\n    def __init__(self, x): self.x = x\nreturn [P(x) for x in xs]",
        "return getattr(xs, 'total', 0) + math.sqrt(2)",
        "raise ValueError('no')",
        "try:\n    return xs[0]\nexcept IndexError:\n    return None",
    ],
)
def test_honest_code_is_left_alone(body: str) -> None:
    assert check(body) == ()


def test_what_the_function_did_before_is_no_news() -> None:
    before = "def f(xs):\n    Till.n = 1\n    return xs\n"
    assert check("Till.n = 2\nreturn xs", before) == ()
