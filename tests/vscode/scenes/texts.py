"""What stands in the files of the scenes."""

from __future__ import annotations

import doctest
from typing import Any

STUB = '''\
def is_even(n):
    """Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    """
'''
WRONG = STUB + "    return n % 2 == 1\n"
HOPELESS = STUB.replace("    False", "    'never'")
MIDDLE = '''\
def middle(low, high):
    """A number in the middle.

    >>> middle(2, 4)
    3
    """
    return low + high - 2
'''
CLAMP = '''\
def clamp(x, low, high):
    """Hold x between low and high.

    >>> clamp(5, 0, 10)
    5
    """
    if x < low:
        return low
    if x > high:
        return high
    return x
'''


def verified(text: str) -> bool:
    """The doctests of the text hold, in a namespace of its own; the functions here are harmless."""
    names: dict[str, Any] = {}
    exec(text, names)
    finder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(verbose=False)
    made = [one for name, one in names.items() if callable(one)]
    tests = [test for one in made for test in finder.find(one, globs=names, module=False)]
    results = [runner.run(test, out=lambda _: None) for test in tests]
    return bool(results) and all(not one.failed for one in results)
