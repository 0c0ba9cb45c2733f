"""Generated tests: they pass on the function, fail on mutants, and sit where tests belong."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import pytest_asyncio

from pipeline.core.context import Context, Settings
from pipeline.edits.mutants import kill_table, mutants_of
from pipeline.job import propose_tests
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, document_from_bytes
from pipeline.testgen.cases import is_unsteady
from pipeline.testgen.proposal import TestProposal
from pipeline.testgen.testgen import Style, proposed
from pipeline.wiring import Runtime
from sandbox.api import Call, Job, Returns, Sandbox, Test
from sandbox.verdicts import run_tests

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLAMP = '''def clamp(x: int, low: int, high: int) -> int:
    """Keep x between low and high.

    >>> clamp(5, 1, 3)
    3
    """
    if low > high:
        raise ValueError("low above high")
    return max(low, min(x, high))
'''
EVENS = "def evens(numbers):\n    return [n for n in numbers if n % 2 == 0 and n > 0]\n"


async def check(
    box: Sandbox,
    source: str | bytes,
    name: str,
    *,
    style: Style = "doctest",
    path: str = "",
    max_tests: int = 8,
    answers: list[str] | None = None,
) -> TestProposal:
    data = source if isinstance(source, bytes) else source.encode()
    document = document_from_bytes(data, path)
    site = find_function(document, name)
    ctx = Context(
        model=ScriptedModel(answers or [], info=ModelInfo(name="s", backend="s", n_ctx=1 << 20)),
        sandbox=box,
        settings=Settings(self_tests=answers is not None),
    )
    task = task_from_file(document, site)
    return await proposed(ctx, document, site, task, style=style, max_tests=max_tests)


async def passes_doctest(box: Sandbox, text: str, name: str, seeds: Iterable[int] = (0, 1)) -> bool:
    """Every example of the docstring passes with each of the hash seeds."""
    document = Document(text=text)
    task = task_from_file(document, find_function(document, name))
    program = task.program(task.statement)
    verdicts = [
        verdict
        for seed in seeds
        for verdict in await run_tests(box, program, task.tests, hash_seed=seed)
    ]
    return bool(verdicts) and all(verdict.passed for verdict in verdicts)


# --- what a proposal is worth --------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def of_clamp(box: Sandbox) -> TestProposal:
    return await check(box, CLAMP, "clamp")


async def test_each_test_kills_a_mutant_that_the_earlier_ones_let_live(of_clamp: TestProposal):
    found = of_clamp
    assert len(found.tests) >= 2
    assert all(test.kills for test in found.tests)
    kills = [kill for test in found.tests for kill in test.kills]
    assert found.before.killed + len(kills) == found.after.killed
    assert found.before.killed < found.after.killed
    assert found.after.share >= 0.95


async def test_the_new_docstring_passes_with_every_hash_seed(box: Sandbox, of_clamp: TestProposal):
    text = of_clamp.edits[0].new_text
    assert await passes_doctest(box, text, "clamp", seeds=range(5))
    assert "ValueError: low above high" in text


async def test_mutants_that_were_not_seen_die_too(box: Sandbox):
    found = await check(box, EVENS, "evens")
    document = Document(text=found.edits[0].new_text)
    task = task_from_file(document, find_function(document, "evens"))
    mutants = mutants_of(EVENS, n=400, seed=99)
    by_hand = [[1, 2, 3, 4], [-2, 0, 2], [], [2], [3], [10, 7, -1, 6]]
    calls = [
        Test(
            test_id=repr(numbers),
            form=Call(entry="evens", args=(numbers,)),
            expect=Returns(value=[n for n in numbers if n % 2 == 0 and n > 0]),
        )
        for numbers in by_hand
    ]
    table = await kill_table(box, task, mutants, [*calls, *task.tests])
    killable = table.killed(range(len(calls)))
    assert len(killable) > 20
    assert len(killable & table.killed([len(calls)])) >= 0.85 * len(killable)


async def test_the_same_function_gives_the_same_tests_up_to_the_bound(
    box: Sandbox, of_clamp: TestProposal
):
    """But for their names, which tell apart only what is offered."""
    fewer = await check(box, CLAMP, "clamp", max_tests=2)

    def unnamed(proposal: TestProposal) -> list[tuple[str, tuple[str, ...]]]:
        return [(test.source.partition("  #")[0], test.kills) for test in proposal.tests[:2]]

    assert unnamed(fewer) == unnamed(of_clamp)


async def test_tests_are_named_for_what_they_show(of_clamp: TestProposal):
    found = of_clamp
    names = [test.name for test in found.tests]
    assert len(set(names)) == len(names)
    assert {"below low", "above high", "rejects low above high"} <= set(names)
    assert all(test.name in test.source for test in found.tests)


# --- what is not pinned --------------------------------


async def test_a_function_that_fails_its_example_is_asked_about_not_pinned(box: Sandbox):
    found = await check(box, CLAMP.replace("min(x, high)", "x"), "clamp")
    assert found.tests == found.edits == ()
    (question,) = found.questions
    assert (question.call, question.gives, question.other) == ("clamp(5, 1, 3)", "5", "3")


async def test_an_input_on_which_trusted_self_tests_disagree_is_asked_about(box: Sandbox):
    more = "    3\n    >>> clamp(0, 1, 3)\n    1\n    >>> clamp(2, 1, 3)\n    2\n"
    source = CLAMP.replace("    3\n", more)
    masked = ['{"outputs": ["3", "2"]}', '{"outputs": ["1"]}']
    found = await check(box, source, "clamp", answers=[*masked, *['{"outputs": ["77"]}'] * 3])
    assert [question.other for question in found.questions] == ["77"]
    asked = found.questions[0].call
    assert not any(asked in test.source for test in found.tests)


async def test_an_accidental_exception_is_asked_about_not_pinned(box: Sandbox):
    found = await check(box, "def mean(xs: list[int]):\n    return sum(xs) / len(xs)\n", "mean")
    assert any("mean([]) raises ZeroDivisionError" in warning for warning in found.warnings)
    assert not any("ZeroDivisionError" in test.source for test in found.tests)
    assert found.tests


@pytest.mark.parametrize(
    "body",
    [
        "import random\n    return random.random() + n",
        "return f'{object()} {n}'",
        "return list({str(n), 'a', 'b', 'c', 'd'})",
    ],
    ids=["chance", "address", "order"],
)
async def test_what_changes_from_run_to_run_is_never_pinned(box: Sandbox, body: str):
    found = await check(box, f"def f(n: int):\n    {body}\n", "f")
    assert found.tests == ()
    assert found.warnings


@pytest.mark.parametrize(
    "body",
    [
        "import os\n    os._exit(0)",
        "while n > -9:\n        pass\n    return n",
        "print('x' * 10_000_000)\n    return n",
        "import builtins\n    builtins.repr = builtins.len = None\n    return str(n)",
    ],
    ids=["dies", "hangs", "floods", "patches"],
)
async def test_a_hostile_function_is_reported_and_harms_nothing(box: Sandbox, body: str):
    found = await check(box, f"def f(n: int):\n    {body}\n", "f")
    assert found.tests or found.warnings
    again = await box.run([Job(code=EVENS, form=Call(entry="evens", args=([1, 2],)))])
    assert again[0].value == [2]


async def test_a_nested_function_and_a_stub_are_refused_with_the_reason(box: Sandbox):
    nested = "def f():\n    def g(n):\n        return n\n    return g(1)\n"
    assert "inside another function" in (await check(box, nested, "f.g")).warnings[0]
    assert "no body yet" in (await check(box, 'def f(n):\n    """Doc."""\n', "f")).warnings[0]


async def test_code_that_may_depend_on_the_hash_seed_is_known():
    assert is_unsteady("def f(xs):\n    return list(set(xs))\n")
    assert is_unsteady("import random\ndef f():\n    return random.random()\n")
    assert not is_unsteady("def f(xs):\n    return sorted(xs)\n")


# --- how calls are written --------------------------------


@pytest.mark.parametrize(
    ("source", "name", "shown"),
    [
        ("def f(xs: list[int]):\n    return {x % 3 for x in xs}\n", "f", "} "),
        ("def f(n: int):\n    yield from range(n % 5)\n", "f", ">>> list(f("),
        ("def f(xs: list[int]):\n    xs.sort()\n", "f", ">>> xs  #"),
        ("async def f(n: int):\n    return n + 2\n", "f", ">>> asyncio.run(f("),
        ("def f(s: str):\n    print(s.upper())\n", "f", ">>> f("),
        ("class A:\n    def __init__(self, n: int):\n        self.n = n\n"
         "    def twice(self):\n        return self.n * 2\n", "A.twice", ").twice()"),
        ("class A:\n    @staticmethod\n    def f(n: int):\n        return n\n", "A.f", ">>> A.f("),
        ("def f(*numbers: int):\n    return sum(numbers) - 1\n", "f", ">>> f("),
        ("def f(a: int, *, up: bool = False):\n    return a + 1 if up else a\n", "f", "up=True"),
    ],
    ids=["set", "generator", "in place", "async", "print", "method", "static", "star", "keyword"],
)  # fmt: skip
async def test_every_kind_of_function_gets_examples_that_doctest_passes(
    box: Sandbox, source: str, name: str, shown: str
):
    found = await check(box, source, name)
    assert found.tests, found.warnings
    text = found.edits[0].new_text
    assert shown in text
    assert await passes_doctest(box, text, name)


async def test_arguments_without_examples_and_annotations_are_found_by_trying(box: Sandbox):
    source = "def f(text, n):\n    return [word[:n] for word in text.split()]\n"
    found = await check(box, source, "f")
    assert found.tests
    assert found.after.share >= 0.85


# --- the docstring --------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "def f(n: int):\n    return n + 1\n",
        'def f(n: int):\n    "Add one."\n    return n + 1\n',
        'def f(n: int):\n    """Add one."""\n    return n + 1\n',
        "def f(n: int):\n    '''Add one.\n\n    Really.\n    '''\n    return n + 1\n",
        'def f(n: int):\n\t"""Add one."""\n\treturn n + 1\n',
        "def f(n: int): return n + 1\n",
        'def f(n: int):\n    r"""Add \\d."""\n    return n + 1\n',
        'class A:\n  @staticmethod\n  def f(n: int):\n    """Doc."""\n    return n + 1\n',
    ],
    ids=["none", "short", "one line", "block", "tabs", "one-liner", "raw", "method"],
)
async def test_examples_join_every_kind_of_docstring(box: Sandbox, source: str):
    ending = "\r\n"
    name = "A.f" if "class" in source else "f"
    found = await check(box, source.replace("\n", ending).encode(), name)
    assert found.tests, found.warnings
    text = found.edits[0].new_text
    assert await passes_doctest(box, text, name)
    assert text.count("\n") == text.count(ending)
    old = [line.strip(" '\"\r") for line in source.splitlines()]
    assert all(line in text for line in old if "return" not in line)


@pytest.mark.parametrize(
    ("inside", "before"),
    [
        ("Add.\n\n    Examples\n    --------\n    >>> f(5)\n    6\n\n    See Also\n    --------\n"
         "    g : Another.\n", "\n\n    See Also"),
        ("Add.\n\n    Example::\n\n        >>> f(5)\n        6\n\n    Author: me\n    ",
         "\n\n    Author"),
        ("Add.\n\n    Parameters\n    ----------\n    n : int\n\n    See Also\n    --------\n"
         "    g : x\n    ", None),
        ("Add.\n\n    Returns:\n        One more.\n    ", None),
    ],
    ids=["numpy", "text behind", "numpy without examples", "google without examples"],
)  # fmt: skip
async def test_examples_go_behind_the_last_one_or_into_a_section(
    box: Sandbox, inside: str, before: str | None
):
    body = "return n + 1 if n > 2 else -n"
    found = await check(box, f'def f(n: int):\n    """{inside}"""\n    {body}\n', "f")
    text = found.edits[0].new_text
    assert await passes_doctest(box, text, "f")
    if before is None:
        assert "\n    Examples" in text[: text.index(">>>")]
        assert text.index("Examples") > text.index("See Also" if "See Also" in text else "Returns")
    else:
        assert text.rindex(">>>") < text.index(before)
        assert text.count(before) == 1
        assert len(set(re.findall("\n( *)>>>", text))) == 1


async def test_strings_with_backslashes_survive_in_a_docstring(box: Sandbox):
    source = 'def f(words: list[str]):\n    """Doc."""\n    return "\\n".join(words) + "\\\\"\n'
    found = await check(box, source, "f")
    assert found.tests
    assert await passes_doctest(box, found.edits[0].new_text, "f")


async def test_a_docstring_joined_from_strings_is_left_alone(box: Sandbox):
    found = await check(box, 'def f(n: int):\n    "Add " "one."\n    return n + 1\n', "f")
    assert found.edits == found.tests == ()
    assert "joined from several strings" in found.warnings[0]


# --- test files --------------------------------


def project(folder: Path, source: str, tests: str | None) -> Path:
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '0'\n")
    package = folder / "src" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "shop.py").write_text(source)
    (folder / "tests").mkdir()
    if tests is not None:
        (folder / "tests" / "test_shop.py").write_text(tests)
    return package / "shop.py"


def pytest_passes(folder: Path, text: str) -> bool:
    (folder / "tests" / "test_shop.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert " passed" in done.stdout, done.stdout
    return done.returncode == 0


SHOP = '''"""Sell."""


def price(n: int, loud: bool = False) -> int:
    if n < 0:
        raise ValueError("negative")
    if loud:
        print("selling", n)
    return n * 3 if n < 10 else n * 2
'''


@pytest.mark.parametrize(
    ("tests", "wanted"),
    [
        (None, "from pkg.shop import price"),
        (
            "from pkg.shop import price\n\n\ndef test_it():\n    assert price(1) == 3\n",
            "def test_it",
        ),
        ("import pkg.shop as s\n\n\ndef test_it():\n    assert s.price(1) == 3\n", "s.price("),
        (
            "from pkg import shop\n\n\ndef test_it():\n    assert shop.price(1) == 3\n",
            "shop.price(",
        ),
        (
            "import unittest\n\nfrom pkg.shop import price\n\n\nclass TestIt(unittest.TestCase):\n"
            "    def test_it(self):\n        self.assertEqual(price(1), 3)\n",
            "self.assertRaises(ValueError)",
        ),
    ],
    ids=["new file", "from", "alias", "module", "unittest"],
)
async def test_tests_join_the_project_in_its_style(
    box: Sandbox, tmp_path: Path, tests: str | None, wanted: str
):
    path = project(tmp_path, SHOP, tests)
    found = await check(box, SHOP, "price", style="auto", path=str(path))
    assert found.style == "pytest"
    (edit,) = found.edits
    assert edit.path == str(tmp_path / "tests" / "test_shop.py")
    assert edit.old_text == tests
    assert wanted in edit.new_text
    names = [n.name for n in ast.walk(ast.parse(edit.new_text)) if isinstance(n, ast.FunctionDef)]
    assert len(set(names)) == len(names) == len(found.tests) + (tests is not None)
    assert pytest_passes(tmp_path, edit.new_text)


async def test_doctests_stay_doctests_also_where_there_is_a_test_folder(
    box: Sandbox, tmp_path: Path
):
    path = project(tmp_path, CLAMP, None)
    found = await check(box, CLAMP, "clamp", style="auto", path=str(path))
    assert found.style == "doctest"


async def test_a_proposal_ends_at_its_time_limit(box: Sandbox):
    document = document_from_bytes(CLAMP.encode())
    up = Runtime(model=ScriptedModel([]), sandbox=box)
    site = find_function(document, "clamp")
    late = Settings(timeout_s=0.001, self_tests=False)
    found = await propose_tests(up, document, site, settings=late)
    assert found.edits == ()
    assert "no tests within" in found.warnings[0]


# --- ordinary functions --------------------------------

ORDINARY = '''"""Prices."""

RATES = {"food": 0.07, "books": 0.05}


def with_tax(net, kind):
    return round(net * (1 + RATES[kind]), 2)


def order_total(order):
    total = 0
    for line in order["lines"]:
        amount = line["price"] * line["count"]
        if line.get("kind") == "gift":
            amount = 0
        total += amount
    return total / 2 if order.get("coupon") == "HALF" else total


def seconds(text):
    units = {"h": 3600, "m": 60}
    total, number = 0, ""
    for char in text:
        if char.isdigit():
            number += char
        else:
            total += int(number) * units[char]
            number = ""
    return total
'''
USED = (
    "from pkg.shop import seconds\n\n\ndef test_seconds():\n    assert seconds('1h30m') == 5400\n"
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("with_tax", "food|books"), ("order_total", "HALF"), ("seconds", "[0-9]m'")],
)
async def test_keys_literals_and_calls_in_tests_give_inputs(
    box: Sandbox, tmp_path: Path, name: str, shown: str
):
    path = project(tmp_path, ORDINARY, USED)
    found = await check(box, ORDINARY, name, style="pytest", path=str(path))
    assert found.tests, found.warnings
    assert found.after.share >= 0.8
    (edit,) = found.edits
    assert re.search(shown, edit.new_text.partition("5400")[2])
    # What a test checks already is not proposed again.
    assert edit.new_text.count("1h30m") == 1
    assert pytest_passes(tmp_path, edit.new_text)


DATED = '''"""Dates."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain


@dataclass
class Span:
    first: int
    last: int


class Backwards(Exception):
    pass


def parse_date(text: str, form: str = "%Y-%m-%d"):
    return datetime.strptime(text, form).date()


def span(first: int, last: int):
    if last < first:
        raise Backwards("last before first")
    return Span(first, last)


def head(items: list[int], n: int):
    return items[:n], chain(items[n:])


def parts(items: list[int], n: int):
    return [iter(items[i::n]) for i in range(n)]
'''
DATED_TESTS = (
    "from datetime import date\n\nfrom pkg.shop import parse_date\n\n\n"
    "def test_it():\n    assert parse_date('2016-02-14') == date(2016, 2, 14)\n"
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("parse_date", r"parse_date\('\d+-\d+-\d+'.*\) == date\(\d+, \d+, \d+\)"),
        ("span", r"== Span\(first=\d+, last=\d+\)"),
        ("span", r"pytest.raises\(Backwards"),
        ("head", r"first, rest = head\(.*\n    assert \(first, list\(rest\)\) == \("),
        ("parts", r"assert \[list\(part\) for part in parts\(.*\] == \[\["),
    ],
)
async def test_values_that_are_no_literals_are_compared_as_people_write_them(
    box: Sandbox, tmp_path: Path, name: str, shown: str
):
    path = project(tmp_path, DATED, DATED_TESTS)
    found = await check(box, DATED, name, style="pytest", path=str(path))
    assert found.tests, found.warnings
    (edit,) = found.edits
    assert re.search(shown, edit.new_text), edit.new_text
    assert pytest_passes(tmp_path, edit.new_text)
