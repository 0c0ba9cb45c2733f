"""Functions in the projects that they live in: judged where they are, repaired without a token."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from pipeline.core.context import Settings
from pipeline.core.task import Status
from pipeline.job import JobResult, run_job
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.running.examine import Examined, examine
from pipeline.running.ready import placed_task
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, document_from_bytes
from pipeline.wiring import Runtime
from pipeline.world.project import python_files
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOP = Path(__file__).parents[1] / "projects" / "shop"
SMALL = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=6_000_000)
PATIENT = Settings(plan_search=False, thinking_tokens=0, repair_rounds=0, k=1, timeout_s=300.0)


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages that the tests run with are the project's."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)


@pytest.fixture
def shop(tmp_path: Path, own_environment: None) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


def read(path: Path) -> Document:
    return document_from_bytes(path.read_bytes(), str(path))


async def check(box: Sandbox, folder: Path, files: dict[str, str] | None = None) -> dict[str, str]:
    """The outcome of each function of a folder, with its reason where there is one."""
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    found = await examine(box, [read(path) for path in python_files(folder)])
    return {one.site.label: told(one) for one in found}


def told(one: Examined) -> str:
    return f"{one.outcome}: {one.detail}" if one.detail else str(one.outcome)


async def solved(box: Sandbox, path: Path, name: str, *answers: str) -> tuple[JobResult, int]:
    """The result of a job, and how often the model was asked."""
    document = read(path)
    model = ScriptedModel([f"```python\n{a}\n```" for a in answers], info=SMALL)
    runtime = Runtime(model=model, sandbox=box)
    result = await run_job(runtime, document, find_function(document, name), PATIENT)
    assert result.solution.ledger is not None
    return result, result.solution.ledger.model_calls


async def test_every_function_of_the_trial_project_is_judged(box: Sandbox, shop: Path) -> None:
    found = await check(box, shop / "src")
    failed = {name for name, outcome in found.items() if outcome.startswith("failed")}
    without = {name for name, outcome in found.items() if outcome == "no-tests"}
    assert failed == {"Cart.subtotal"}
    assert without == {"Cart.__init__"}
    assert all(o == "passed" for n, o in found.items() if n not in failed | without)


async def test_its_fault_is_repaired_without_a_token(box: Sandbox, shop: Path) -> None:
    result, n_calls = await solved(box, shop / "src/shop/cart.py", "Cart.subtotal")
    assert result.solution.status is Status.VERIFIED
    assert n_calls == 0
    assert result.new_text is not None
    assert "n + 1" not in result.new_text


async def test_a_document_gives_examples_to_a_function_that_has_none(box: Sandbox, shop: Path):
    money = shop / "src/shop/money.py"
    money.write_text(money.read_text() + "\n\ndef cents(n):\n    return n * 100\n")
    (shop / "README.md").write_text(">>> from shop.money import cents\n>>> cents(2)\n200\n")
    result, n_calls = await solved(box, money, "cents")
    assert [one.origin for one in result.task.visible] == ["doctest:README.md line 1"]
    assert "already passes" in result.solution.evidence[0]
    assert n_calls == 0


async def test_a_right_function_with_a_package_is_left_alone(box: Sandbox, shop: Path) -> None:
    result, n_calls = await solved(box, shop / "src/shop/report.py", "mean_price")
    assert "already passes" in result.solution.evidence[0]
    assert (result.diff, n_calls) == ("", 0)


MODULE = '''"""Prices."""

RATE = 25


def _rounded(x):
    return int(x + 0.5)


def gross(net):
    """
    >>> gross(100)
    125
    >>> type(gross(1)).__name__, gross.__module__
    ('int', 'prices')
    """
'''


async def test_an_answer_may_use_what_the_module_has(box: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "prices.py"
    path.write_text(MODULE)
    body = "def gross(net):\n    return _rounded(net * (100 + RATE) / 100)"
    result, _ = await solved(box, path, "gross", body)
    assert result.solution.status is Status.VERIFIED


async def test_a_module_that_cannot_be_loaded_whole_is_cut_and_that_is_said(
    box: Sandbox, tmp_path: Path, own_environment: None
) -> None:
    path = tmp_path / "m.py"
    examples = "".join(f"    >>> f({n})\n    {n + 1}\n" for n in (2, 7, 0))
    path.write_text(
        f'import no_such_package\n\ndef f(x):\n    """\n{examples}    """\n'
        "    return x - 1\n\ndef g():\n    return no_such_package\n"
    )
    result, n_calls = await solved(box, path, "f")
    assert result.solution.status is Status.VERIFIED
    assert n_calls == 0
    assert any("no_such_package" in line and "part" in line for line in result.solution.evidence)


async def test_a_stub_that_no_example_holds_to_anything_needs_the_whole_module(
    box: Sandbox, tmp_path: Path, own_environment: None
) -> None:
    path = tmp_path / "m.py"
    stub = 'def f(x):\n    """Send x."""\n'
    path.write_text(f"import no_such_package\n\n\n{stub}")
    result, n_calls = await solved(box, path, "f", "def f(x):\n    return no_such_package.send(x)")
    assert (result.solution.chosen, n_calls) == (None, 0)
    assert "no_such_package" in result.solution.obstacle
    for can_be_judged in (stub, f"import no_such_package\n\n\n{stub}    return x + 1\n"):
        path.write_text(can_be_judged)
        document = document_from_bytes(path.read_bytes(), str(path))
        task = await placed_task(box, document, find_function(document, "f"))
        assert task.loading.obstacle == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import no_such_package\nclass C(no_such_package.B):\n", "no_such_package"),
        ("import sys\nsys.exit(3)\nclass C:\n", "ends the process when it is imported"),
        ("raise OSError('Network is unreachable')\nclass C:\n", "needs a network"),
        ("raise KeyError('DISPLAY')\nclass C:\n", "needs a display"),
        ("1 / 0\nclass C:\n", "ZeroDivisionError"),
    ],
)
async def test_what_cannot_run_costs_nothing_and_says_why(
    box: Sandbox, tmp_path: Path, own_environment: None, text: str, why: str
) -> None:
    method = '    def f(self):\n        """\n        >>> C().f()\n        1\n        """\n'
    needed = "X = C\n" if "class C(" in text else ""
    path = tmp_path / "m.py"
    path.write_text(f"import a\n{text}{method}        return a and X\n{needed}")
    (tmp_path / "a.py").write_text(text.partition("class")[0] + "\n")
    result, n_calls = await solved(box, path, "C.f")
    assert result.solution.obstacle, result.solution
    assert why in result.solution.obstacle
    assert "\n" not in result.solution.obstacle
    assert (n_calls, result.diff) == (0, "")
    found = await check(box, tmp_path)
    assert found["C.f"].startswith("cannot-run")
    assert why in found["C.f"]


async def test_an_example_that_is_no_python_is_refused_with_its_line(
    box: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "m.py"
    path.write_text('def f(x):\n    """\n    >>> f(1))\n    1\n    """\n    return x\n')
    result, n_calls = await solved(box, path, "f")
    assert ":3: the example `f(1))` is no Python" in result.solution.obstacle
    assert n_calls == 0


F = 'def f(x):\n    """\n    >>> f(1)\n    1\n    """\n    return x\n'


@pytest.mark.parametrize(
    "text",
    [
        "import threading, time\nt = threading.Thread(target=time.sleep, args=(60,), daemon=True)\n"
        "t.start()\n",
        "import socket\ns = socket.socket()\n",
        "import pathlib\nhere = pathlib.Path(__file__).read_text()\n",
        "print('hello')\nimport argparse\nargparse.ArgumentParser().parse_args([])\n",
    ],
    ids=["thread", "socket", "reads", "prints"],
)
async def test_modules_that_do_things_when_imported(
    box: Sandbox, tmp_path: Path, text: str
) -> None:
    assert await check(box, tmp_path, {"m.py": text + F}) == {"f": "passed"}


async def test_circular_imports_work_and_examples_may_import_the_module(
    box: Sandbox, tmp_path: Path
) -> None:
    files = {
        "setup.py": "",
        "p/__init__.py": "from .a import f\n",
        "p/a.py": 'from . import b\ndef f():\n    """\n    >>> from p.b import g\n'
        '    >>> from p import f as same\n    >>> same is f, g()\n    (True, 1)\n    """\n'
        "    return 1\n",
        "p/b.py": "from . import a\ndef g():\n    return a.f()\n",
    }
    assert await check(box, tmp_path, files) == {"f": "passed", "g": "no-tests"}
    (tmp_path / "p/a.py").write_text(files["p/a.py"].replace("return 1", "return 2"))
    result, n_calls = await solved(box, tmp_path / "p/a.py", "f")
    assert (result.solution.status, n_calls) == (Status.VERIFIED, 0)


async def test_a_name_that_stands_twice_is_the_one_with_a_docstring(
    box: Sandbox, tmp_path: Path
) -> None:
    text = f"import sys\nif sys:\n{indented(F)}else:\n    def f(x):\n        return 0\n"
    assert await check(box, tmp_path, {"m.py": text}) == {"f": "passed", "f#2": "no-tests"}
    document = read(tmp_path / "m.py")
    assert find_function(document, "f").docstring
    assert find_function(document, "f#2").docstring is None
    assert find_function(document, "f#2").label == "f#2"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


async def test_names_of_conftest_flags_of_pytest_and_data_files_are_there(
    box: Sandbox, tmp_path: Path
) -> None:
    files = {
        "pytest.ini": "[pytest]\ndoctest_optionflags = NUMBER\n",
        "conftest.py": "import pytest\n\n@pytest.fixture(autouse=True)\n"
        "def names(doctest_namespace):\n    import math\n    doctest_namespace['m'] = math\n",
        "words.txt": "a b",
        "m.py": "from pathlib import Path\nD = Path(__file__).with_name('words.txt')\n"
        'def f():\n    """\n    >>> m.pi  # doctest: +MAGIC\n    3.14\n    >>> f()\n'
        "    ['a', 'b']\n"
        '    """\n    return D.read_text().split()\n',
    }
    found = await check(box, tmp_path, files)
    assert found["f"] == "passed"


CONFTEST = """\
import pytest
from helper import doubled

START = 3

def shift(x):
    return x + START

@pytest.fixture(scope="session")
def start() -> int:
    return shift(1)

@pytest.fixture(name="numbers")
def _numbers(start, tmp_path):
    (tmp_path / "n").write_text("9")
    yield [doubled(start), int((tmp_path / "n").read_text())]

@pytest.fixture(autouse=True)
def names(doctest_namespace, numbers):
    for n, number in enumerate(numbers):
        doctest_namespace[f"n{n}"] = number

@pytest.fixture
def patched(monkeypatch):
    return monkeypatch
"""


async def test_examples_may_ask_for_plain_fixtures(box: Sandbox, tmp_path: Path) -> None:
    """Neither the examples nor the module see any other name of the conftest."""
    text = (
        'def shift(x):\n    """\n    >>> shift(n0), getfixture("numbers")\n    (7, [8, 9])\n'
        '    >>> getfixture("start") is getfixture("start")\n    True\n'
        "    >>> START\n    Traceback (most recent call last):\n"
        '    NameError: name \'START\' is not defined\n    """\n    return x - 1\n'
        'def late():\n    """\n    >>> late(getfixture("patched"))\n    """\n'
    )
    files = {
        "pytest.ini": "[pytest]\n",
        "conftest.py": CONFTEST,
        "pkg/conftest.py": "import pytest\n@pytest.fixture\ndef start():\n    return 4\n",
        "helper.py": "def doubled(x):\n    return 2 * x\n",
        "pkg/__init__.py": "",
        "pkg/m.py": text,
    }
    found = await check(box, tmp_path, files)
    assert found["shift"] == "passed"
    assert found["late"].startswith("cannot-run")
    assert "m.py:14: the example" in found["late"]
    assert "asks for the fixture patched" in found["late"]
    (tmp_path / "pkg/m.py").write_text(text.replace("x - 1", "x + 1"))
    result, n_calls = await solved(box, tmp_path / "pkg/m.py", "shift")
    assert (result.solution.status, n_calls) == (Status.VERIFIED, 0)


async def test_examples_of_coroutines_may_await(box: Sandbox, tmp_path: Path) -> None:
    examples = "".join(f"    >>> await f({n})\n    {n + 1}\n" for n in (2, 7, 0))
    text = f'async def f(x):\n    """\n{examples}    """\n    return x - 1\n'
    (tmp_path / "m.py").write_text(text)
    result, n_calls = await solved(box, tmp_path / "m.py", "f")
    assert (result.solution.status, n_calls) == (Status.VERIFIED, 0)
