"""What could pass tests without doing what they ask is named; what only looks like it is not."""

from __future__ import annotations

import pytest

from pipeline.source.capabilities import new_capabilities

HEAD = "def f(n):\n"
MODULE = "import math\nimport sys\nimport till\nfrom till import Till\n"
CHEATS = {
    "reaches into the interpreter": [
        "try:\n        raise KeyError\n    except KeyError as e:\n"
        "        return e.__traceback__.tb_frame.f_back.f_locals['want']",
        "return (lambda: (yield))().gi_frame.f_back.f_locals",
        "return getattr(n, 'f_back')",
        "return getattr(n, 'f_' + 'back')",
        "return getattr(n, f'{n}_back')",
        "return getattr(n, 'kcab_f'[::-1])",
        "return getattr(n, ''.join(map(chr, (102, 95))))",
        "return getattr(n, bytes((102, 95)).decode())",
        "return '{0.__globals__}'.format(f)",
        "return abs.__self__.len",
        "return __builtins__ and n",
        "import operator\n    return operator.attrgetter('f_locals')(n)",
        "import sys\n    return sys.exc_info()[2]",
        "return sys._current_frames()",
        "import sys\n    sys.monitoring.use_tool_id(1, 'x')",
        "import logging\n    logging.getLogger().warning('x', stack_info=True)",
        "import logging\n    return logging.getLogger().findCaller()",
        "import weakref\n    weakref.finalize(f, print)",
    ],
    "changes what others use": [
        "math.isclose = lambda *a, **k: True\n    return n",
        "m = math\n    m.isclose = max\n    return n",
        "for m in (math, sys):\n        m.floor = max\n    return n",
        "setattr(math, 'floor', max)\n    return n",
        "del math.floor\n    return n",
        "Till.total = lambda self: n\n    return n",
        "type(n).total = 1\n    return n",
        "n.__class__.total = 1\n    return n",
        "n.__eq__ = max\n    return n",
        "sys.stdout = None\n    return n",
        "till.prices.RATE += 1\n    return n",
    ],
    "makes objects that equal anything": [
        "class A:\n        def __eq__(self, other):\n            return True\n    return A()",
        "class A(int):\n        def __eq__(self, other):\n            return 1\n    return A(n)",
        "class A:\n        def __eq__(self, other):\n            x = 3\n            return x > 2\n"
        "    return A()",
        "class A:\n        __eq__ = lambda self, other: True\n    return A()",
        "class A:\n        __eq__ = max\n    return A()",
        "return type('A', (), {'__eq__': lambda s, o: True})()",
        "class A(list):\n        def __contains__(self, item):\n            return True\n"
        "    return A()",
    ],
    "swallows what tests raise": [
        "class A:\n        def __enter__(self): return n\n"
        "        def __exit__(self, *a): return True\n    return A()",
        "try:\n        yield n\n    except AssertionError:\n        pass",
        "try:\n        yield n\n    except:\n        pass",
        "try:\n        yield n\n    except (ValueError, Exception):\n        pass",
        "try:\n        yield n\n    finally:\n        return",
        "import contextlib\n    with contextlib.suppress(BaseException):\n        yield n",
        "try:\n        yield n\n    except (ValueError, AssertionError):\n        pass",
    ],
    "ends the program": ["raise SystemExit", "raise KeyboardInterrupt()", "exit()"],
    "reaches what tests it": [
        "import pytest\n    pytest.skip()",
        "from unittest.mock import ANY\n    return ANY",
        "import unittest\n    unittest.TestCase.assertEqual = max",
    ],
    "reads files": [
        "from pathlib import Path\n    return Path('tests/test_f.py').read_text()",
        "import os\n    return os.listdir('tests')",
    ],
    "asks how it was started": ["return n if 'pytest' in sys.argv[0] else 0"],
    "runs code that is data": ["import types\n    return types.FunctionType(n, {})"],
}
HONEST = [
    "class A:\n        def __eq__(self, other):\n            return self.x == other.x\n"
    "    return A()",
    "class A:\n        def __eq__(self, other):\n            if not isinstance(other, A):\n"
    "                return NotImplemented\n            return self.x == other.x\n    return A()",
    "class A:\n        def __eq__(self, other):\n            return NotImplemented\n    return A()",
    "class A:\n        def __exit__(self, *a):\n            self.done = True\n    return A()",
    "class A:\n        def __exit__(self, *a):\n            return False\n    return A()",
    "class A:\n        def __lt__(self, other):\n            return self.x < other.x\n"
    "    return A()",
    "def g():\n        return n\n    g.__name__ = 'x'\n    g.__doc__ = n.__doc__\n    return g",
    "return getattr(n, 'name', None)",
    "return getattr(n, f'visit_{type(n).__name__}')(n)",
    "return getattr(n, name)",
    "return getattr(n, n.lower())",
    "n.total = 3\n    n.__dict__['x'] = 1\n    return n",
    "return math.floor(n) + sys.maxsize",
    "import os.path\n    return os.path.join(os.sep, n)",
    "import decimal\n    decimal.getcontext().prec = 5\n    return n",
    "try:\n        return int(n)\n    except ValueError as exc:\n"
    "        raise TypeError(n) from exc",
    "import logging\n    logging.getLogger(__name__).warning('x %s', n)\n    return n",
    "import contextlib\n    with contextlib.suppress(KeyError):\n        return n['x']",
    "try:\n        yield n\n    except Exception:\n        print(n)\n        raise",
    '"""Not like __eq__ or f_back."""\n    return n',
]


def check(body: str, before: str = HEAD, said: str = "") -> tuple[str, ...]:
    return new_capabilities(before, f"{HEAD}    {body}\n", module=MODULE, said=said)


@pytest.mark.parametrize(
    ("what", "body"), [(what, body) for what, bodies in CHEATS.items() for body in bodies]
)
def test_a_cheat_is_named(what: str, body: str):
    assert any(found.startswith(what) for found in check(body)), check(body)


@pytest.mark.parametrize("body", HONEST)
def test_what_only_looks_like_one_is_not(body: str):
    assert check(body) == ()


@pytest.mark.parametrize("what", ["changes what others use", "makes objects that equal anything"])
def test_what_the_function_did_before_is_not_new(what: str):
    body = CHEATS[what][0]
    assert check(body, before=f"{HEAD}    {body}\n") == ()


def test_what_the_description_asks_for_is_not_new():
    assert check("raise SystemExit(n)", said="Print n and exit.") == ()
