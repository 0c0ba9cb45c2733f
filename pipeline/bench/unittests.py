"""Test classes run beside the program, in its process: what did they say?

The program could overwrite the runner: a pass proves less than expected values outside would.
Both suites that are judged so do the same.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from pipeline.syntax.text import parse
from sandbox.api import Expression, Observation, Outcome

RUN = """
def _atlas_unittest(names):
    import io as _io
    import sys as _sys
    import unittest as _unittest

    for name in names:
        _sys.modules[name] = _sys.modules[__name__]
    space = {"__name__": "atlas_tests"}
    space.update({k: v for k, v in globals().items() if not k.startswith("__")})
    exec(compile(_ATLAS_TESTS, "tests.py", "exec"), space)
    suite, loader = _unittest.TestSuite(), _unittest.TestLoader()
    for one in list(space.values()):
        if isinstance(one, type) and issubclass(one, _unittest.TestCase):
            if one is not _unittest.TestCase and one.__module__ == "atlas_tests":
                suite.addTests(loader.loadTestsFromTestCase(one))
    screen = _io.StringIO()
    done = _unittest.TextTestRunner(stream=screen, verbosity=0).run(suite)
    texts = [(str(case), text) for case, text in done.errors + done.failures]
    return (done.testsRun, len(done.errors), len(done.failures), texts[:5])
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a runner reported."""

    n_run: int = 0
    n_bad: int = 0
    output: str = ""
    trouble: str | None = None
    """How the process ended where nothing was reported."""

    @property
    def passed(self) -> bool:
        return self.trouble is None and self.n_run > 0 and self.n_bad == 0


def form_of(tests: str, module_names: tuple[str, ...] = ()) -> Expression:
    """To be evaluated in the program's namespace; the tests find it under these names too."""
    source = f"_ATLAS_TESTS = {tests!r}\n{RUN}\n_atlas_unittest({module_names!r})"
    return Expression(source=source)


def read(seen: Observation) -> Said:
    if seen.outcome is not Outcome.RETURNED:
        text = f"{seen.exception.type}: {seen.exception.message}" if seen.exception else seen.detail
        return Said(trouble=seen.outcome.value, output=text)
    match seen.value:
        case (int() as n_run, int() as n_errors, int() as n_failures, list() as texts):
            output = "\n\n".join(f"{one[0]}\n{one[1]}" for one in texts if len(one) == 2)
            return Said(n_run=n_run, n_bad=n_errors + n_failures, output=output)
    return Said(trouble="bad_result", output="the test runner gave something else")


def count_tests(tests: str) -> int:
    """How many test methods stand in the text."""
    tree = parse(tests)
    nodes = ast.walk(tree) if tree else ()
    return sum(isinstance(n, ast.FunctionDef) and n.name.startswith("test") for n in nodes)
