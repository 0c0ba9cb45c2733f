# ruff: noqa: E501 - a program in one line reads better than in five
"""A candidate that is a module of a project: who finds it, under which name, and what it finds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sandbox.api import (
    Call,
    Doctest,
    DoctestExample,
    DoctestWants,
    Expression,
    Form,
    Job,
    Observation,
    Outcome,
    Program,
    Sandbox,
    Test,
    TestCode,
    World,
)
from sandbox.verdicts import judge, run_tests

SITE = Path(np.__file__).parents[1]
SHOP = {
    "src/shop/__init__.py": b"from .cart import Cart, total\n",
    "src/shop/money.py": b"from enum import Enum\n"
    b"class Coin(Enum):\n    CENT = 1\n"
    b"def cents(x): return round(100 * x)\n"
    b"def back():\n    from . import cart\n    return cart.total\n",
    "src/shop/rates.csv": b"a,1\nb,2\n",
    "src/shop/cart.py": b"raise RuntimeError('the text on disk is not the candidate')\n",
    "src/shop/latin.py": b"# coding: latin-1\nNAME = '\xe9'\n",
}
CART = """\
from __future__ import annotations
import importlib.resources
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from .money import Coin, cents

class Kind(Enum):
    A = 1

@dataclass
class Cart:
    prices: list[float] = field(default_factory=list)

class CartError(ValueError):
    pass

def total(prices):
    return cents(sum(prices))

def rates():
    return importlib.resources.files("shop").joinpath("rates.csv").read_text()

def fail():
    raise CartError("no")
"""


def shop(**changes: object) -> World:
    world = World(module="shop.cart", path="src/shop/cart.py", files=SHOP, roots=("src",))
    return replace(world, **changes)  # type: ignore[arg-type]


def with_numpy() -> World:
    names = [p.name for p in SITE.iterdir() if p.name.startswith("numpy")]
    site = {name: str(SITE / name) for name in names}
    return shop(site=site, preload=("numpy",))


async def observe(
    box: Sandbox, form: Form, code: str = CART, world: World | None = None, **more: object
) -> Observation:
    (seen,) = await box.run([Job(code=code, form=form, world=world or shop(), **more)])  # type: ignore[arg-type]
    return seen


async def check_value(box: Sandbox, source: str, value: object, code: str = CART, **how) -> None:
    seen = await observe(box, Expression(source=source), code, **how)
    assert (seen.outcome, seen.value) == (Outcome.RETURNED, value), seen


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("total([1.5, 2.7])", 420),
        ("from shop.cart import total as t\nt is total", True),
        ("import shop\n(shop.total is total, shop.Cart is Cart)", (True, True)),
        ("from shop.money import back\nback() is total", True),
        ("__name__, __package__, total.__module__", ("shop.cart", "shop", "shop.cart")),
        ("import sys\nsys.modules['shop.cart'].total is total", True),
        ("import pickle\npickle.loads(pickle.dumps(Cart([1.0]))) == Cart([1.0])", True),
        ("import pickle\npickle.loads(pickle.dumps(Kind.A)) is Kind.A", True),
        ("import copy\ncopy.deepcopy(Coin.CENT) is Coin.CENT", True),
        ("repr(Cart), repr(Kind.A)", ("<class 'shop.cart.Cart'>", "<Kind.A: 1>")),
        ("rates()", "a,1\nb,2\n"),
        ("Path(__file__).with_name('rates.csv').read_text()", "a,1\nb,2\n"),
        ("import inspect\ninspect.getsource(cents)", "def cents(x): return round(100 * x)\n"),
        ("import inspect\ninspect.getsource(total)", CART[CART.index("def total") :].split("\n\n")[0] + "\n"),
        ("Path(__file__).read_text()", CART),
        ("import typing\ntyping.get_type_hints(Cart)", {"prices": None}),
        ("from shop.latin import NAME\nNAME", "\xe9"),
        ("import pkgutil, shop\nsorted(m.name for m in pkgutil.iter_modules(shop.__path__))",
         ["cart", "latin", "money"]),
        ("import importlib, sys\nimportlib.reload(sys.modules['shop.cart']).total([1])", 100),
        ("import subprocess, sys\n"
         "subprocess.run([sys.executable, '-c', 'import sys; sys.path.insert(0, sys.argv[1]);"
         "import shop; print(shop.total([2]))', str(Path(__file__).parents[1])],"
         "capture_output=True).stdout", b"200\n"),
    ],
)  # fmt: skip
async def test_everyone_finds_the_candidate_in_its_package(each_box, source, value):
    if "get_type_hints" in source:
        source, value = f"list({source.splitlines()[-1]})", ["prices"]
        source = f"import typing\n{source}"
    await check_value(each_box, source, value)


@pytest.mark.parametrize("first", ["shop", "shop.money", "shop.cart"])
async def test_a_circular_import_works_whoever_begins(each_box, first):
    files = {**SHOP, "src/shop/money.py": SHOP["src/shop/money.py"] + b"from . import cart\n"}
    world = shop(files=files)
    await check_value(each_box, f"import {first}\ntotal([1])", 100, world=world)


async def test_a_package_itself_can_be_the_candidate(each_box):
    world = World(
        module="shop",
        path="shop/__init__.py",
        files={"shop/__init__.py": b"", "shop/data.txt": b"x", "shop/one.py": b"from . import N\n"},
    )
    code = "N = 3\nfrom .one import N as M\n"
    await check_value(
        each_box, "N, M, __path__ != [], __name__", (3, 3, True, "shop"), code, world=world
    )


async def test_a_module_without_a_package_is_found_beside_its_siblings(each_box):
    world = World(module="tool", path="tool.py", files={"other.py": b"import tool\nX = tool.Y\n"})
    await check_value(each_box, "import other\nother.X", 5, "Y = 5\n", world=world)


async def test_a_project_may_shadow_what_was_imported_ahead(each_box):
    files = {"statistics.py": b"def mean(x): return 'ours'\n", "json/data.txt": b""}
    world = World(module="tool", path="tool.py", files=files)
    code = "import statistics, json\ndef f(): return statistics.mean([1]), json.dumps(1)\n"
    await check_value(each_box, "f()", ("ours", "1"), code, world=world)
    own = World(module="random", path="random.py", files={})
    await check_value(each_box, "__name__, f()", ("random", 4), "def f(): return 4\n", world=own)


async def test_each_candidate_is_its_own(each_box):
    """No text, no compiled form and no module of one candidate is left for the next."""
    for n in (1, 2, 3):
        await check_value(each_box, "import shop\nshop.N", n, f"Cart = total = {n}\nN = {n}\n",
                          world=shop(files={**SHOP, "src/shop/__init__.py": b"from .cart import N\n"}))  # fmt: skip


async def test_a_changed_sibling_is_seen_at_once(each_box):
    for n in (1, 2):
        files = {**SHOP, "src/shop/money.py": b"Coin = 1\ndef cents(x): return %d\n" % n}
        await check_value(each_box, "total([])", n, world=shop(files=files))
    without = {path: data for path, data in SHOP.items() if "money" not in path}
    seen = await observe(each_box, Call(entry="total", args=([],)), world=shop(files=without))
    assert seen.outcome is Outcome.MISSING_MODULE, seen


async def test_two_modules_of_one_project_take_turns(each_box):
    money = replace(shop(), module="shop.money", path="src/shop/money.py")
    files = {**SHOP, "src/shop/cart.py": CART.encode()}
    for n in (7, 8):
        code = f"Coin = 1\ndef cents(x): return {n}\n"
        await check_value(
            each_box, "import shop\nshop.total([])", n, code, world=replace(money, files=files)
        )
        await check_value(each_box, "total([1])", 100, world=shop(files=files))


async def test_a_hostile_candidate_leaves_its_file_to_the_next(each_box):
    hostile = (
        "import os\nCart = total = None\n"
        "open(__file__, 'w').write('x' * 10**6)\nos.chmod(__file__, 0)\n"
        "def f():\n"
        "    try:\n        os.unlink(__file__)\n        return 'gone'\n"
        "    except OSError:\n        return 'kept'\n"
    )
    seen = await observe(each_box, Call(entry="f"), hostile)
    assert seen.value == ("kept" if each_box.kind == "docker" else "gone")
    await check_value(each_box, "total([1])", 100)


async def test_a_test_cannot_write_into_the_project(each_box):
    if each_box.kind != "docker":
        pytest.skip("unsafe-local runs as this user, who can write everywhere")
    sources = ("open(str(Path(__file__).with_name('money.py')), 'w')", "open('/project/x', 'w')",
               "import os\nos.rename(__file__, '/project/y')", "open('/site/x', 'w')")  # fmt: skip
    for source in sources:
        seen = await observe(each_box, Expression(source=source))
        assert seen.exception is not None, source
        assert seen.exception.type in ("PermissionError", "OSError", "FileNotFoundError"), seen


async def test_an_exception_is_found_in_the_candidates_text(each_box):
    seen = await observe(each_box, Call(entry="fail"))
    assert seen.exception is not None
    assert seen.exception.type == "CartError"
    assert seen.exception.lineno == CART.splitlines().index('    raise CartError("no")') + 1


async def test_doctests_see_the_module_as_natively(each_box):
    pairs = [
        ("from shop.cart import total as t\n", ""),
        ("t([1])\n", "100\n"),
        ("Cart\n", "<class 'shop.cart.Cart'>\n"),
        ("def f(x: Undefined): pass\n", ""),
        ("fail()\n", "Traceback (most recent call last):\nshop.cart.CartError: no\n"),
    ]
    form = Doctest(examples=tuple(DoctestExample(source=source) for source, _ in pairs))
    test = Test(test_id="d", form=form, expect=DoctestWants(wants=tuple(w for _, w in pairs)))
    verdict = judge(test, await observe(each_box, form))
    assert verdict.passed, verdict.detail


async def test_future_flags_hold_for_examples_without_a_project_too(each_box):
    form = Doctest(examples=(DoctestExample(source="def f(x: Undefined): pass\n"),))
    test = Test(test_id="d", form=form, expect=DoctestWants(wants=("",)))
    (verdict,) = await run_tests(each_box, "from __future__ import annotations\n", [test])
    assert verdict.passed, verdict.detail


async def test_lines_are_those_of_the_candidate(each_box):
    seen = await observe(each_box, Call(entry="total", args=([],)), trace_lines=True)
    assert seen.lines is not None
    assert CART.splitlines().index("    return cents(sum(prices))") + 1 in seen.lines
    assert max(seen.lines) <= len(CART.splitlines())


async def test_a_text_in_another_encoding_keeps_it(each_box):
    code = "# -*- coding: latin-1 -*-\nX = '\xe9'\nCart = total = 1\n"
    await check_value(each_box, "X", "\xe9", code)
    await check_value(each_box, "X", "\u20ac", "\ufeffX = '\u20ac'\nCart = total = 1\n")


async def test_what_is_wrong_with_a_candidate_is_told_from_what_is_missing(each_box):
    cases = {
        "def total(:": Outcome.SYNTAX_ERROR,
        "import nothing_like_this": Outcome.MISSING_MODULE,
        "try:\n    import nothing_like_this\nexcept ImportError:\n    raise RuntimeError('x')\n": Outcome.MISSING_MODULE,
        "from .money import nothing_like_this": Outcome.RAISED,
        "1/0": Outcome.RAISED,
        "Cart = 1": Outcome.RAISED,
    }
    for code, outcome in cases.items():
        seen = await observe(each_box, Call(entry="total", args=([],)), code)
        assert seen.outcome is outcome, (code, seen)


async def test_a_sibling_that_is_no_python_is_not_the_candidates_fault(each_box):
    files = {**SHOP, "src/shop/money.py": b"def (:\n"}
    seen = await observe(each_box, Call(entry="total", args=([],)), world=shop(files=files))
    assert seen.outcome is Outcome.RAISED, seen


async def test_a_name_that_leads_elsewhere_is_no_evidence(each_box):
    world = shop(module="shop.money")
    seen = await observe(each_box, Call(entry="total", args=([],)), world=world)
    assert seen.outcome is Outcome.MISSING_MODULE, seen


async def test_test_code_never_meets_the_candidates_module(each_box):
    test = Test(
        test_id="t",
        form=TestCode(source="assert total([1]) == 100\ntry:\n    import shop\nexcept ImportError:\n    pass\nelse:\n    assert False\n", entry="total"),
        expect=DoctestWants(wants=()),
    )  # fmt: skip
    seen = await observe(each_box, test.form)
    assert seen.outcome is Outcome.RETURNED, seen


async def test_a_script_of_a_project_finds_its_siblings(each_box):
    world = World(module="run", path="run.py", files={"lib.py": b"N = 3\n"})
    code = (
        "import lib, sys\nif __name__ == '__main__':\n    print(lib.N, sys.argv[0] == __file__)\n"
    )
    seen = await observe(each_box, Program(), code, world)
    assert seen.stdout == b"3 True\n", seen


# installed packages


async def test_installed_packages_are_there_with_their_metadata(each_box):
    code = "import numpy as np\nCart = 1\ndef total(x): return float(np.array(x).mean())\n"
    await check_value(each_box, "total([1, 2])", 1.5, code, world=with_numpy())
    version = "import importlib.metadata\nimportlib.metadata.version('numpy')"
    await check_value(each_box, version, np.__version__, code, world=with_numpy())


async def test_the_template_has_imported_the_packages_ahead(each_box):
    source = "import sys\n'numpy.linalg' in sys.modules"
    await check_value(each_box, source, True, world=with_numpy())
    cold = replace(with_numpy(), preload=())
    await check_value(each_box, source, False, world=cold)


async def test_a_job_goes_to_the_worker_that_has_imported_its_packages(local_box, tmp_path):
    module, log = tmp_path / "slow.py", tmp_path / "log"
    module.write_text(f"open({str(log)!r}, 'a').write('imported ')\n")
    world = shop(site={"slow.py": str(module)}, preload=("slow",))
    for _ in range(10):
        await check_value(local_box, "total([1])", 100, world=world)
    assert log.read_text() == "imported "


async def test_a_project_without_packages_finds_none(each_box):
    seen = await observe(each_box, Expression(source="import numpy"))
    assert seen.outcome is Outcome.MISSING_MODULE, seen


async def test_packages_on_disk_are_only_read(each_box):
    if each_box.kind != "docker":
        pytest.skip("unsafe-local runs as this user, who can write everywhere")
    source = "import numpy, os\nopen(os.path.join(os.path.dirname(numpy.__file__), 'x'), 'w')"
    seen = await observe(each_box, Expression(source=source), world=with_numpy())
    assert seen.exception is not None
    assert seen.exception.type in ("OSError", "PermissionError"), seen


BAD_PACKAGES = {
    "prints": b"import os\nprint('x' * 99999, flush=True)\nos.write(1, b'y' * 99)\n",
    "exits": b"import sys\nsys.exit(3)\n",
    "raises": b"raise RuntimeError('needs a display')\n",
    "dies": b"import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos._exit(1)\n",
    "reads": b"import sys\nsys.stdin.read()\nopen(0, closefd=False).read()\n",
    "threads": b"import threading, time\n"
    b"threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n",
}


@pytest.mark.parametrize("name", sorted(BAD_PACKAGES))
async def test_a_package_that_misbehaves_harms_no_test_without_it(each_box, tmp_path, name):
    (tmp_path / f"{name}.py").write_bytes(BAD_PACKAGES[name])
    site = {f"{name}.py": str(tmp_path / f"{name}.py")}
    world = shop(site=site, preload=(name,))
    await check_value(each_box, "total([1])", 100, world=world)


async def test_a_lost_package_is_said_and_is_no_evidence(each_box, tmp_path):
    world = shop(site={"gone": str(tmp_path / "gone")})
    seen = await observe(each_box, Call(entry="total", args=([],)), world=world)
    assert seen.outcome is Outcome.NOT_RUN
    assert "gone" in seen.detail


async def test_another_python_than_the_projects_gives_no_evidence(each_box):
    seen = await observe(each_box, Call(entry="total", args=([],)), world=shop(python="3.4"))
    assert seen.outcome is Outcome.NOT_RUN
    assert "3.4" in seen.detail
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    await check_value(each_box, "total([1])", 100, world=shop(python=version))


def other_python() -> tuple[str, str] | None:
    """Version and path of a Python that is not the one that runs this."""
    ours = f"3.{sys.version_info.minor}"
    names = [f"python3.{n}" for n in (11, 12, 13, 14) if f"3.{n}" != ours]
    places = [p for name in names for p in [shutil.which(name), *pyenv(name)] if p is not None]
    for path in places:
        ask = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() != ours:
            return done.stdout.strip(), path
    return None


def pyenv(name: str) -> list[str]:
    return [str(path) for path in Path.home().glob(f".pyenv/versions/*/bin/{name}")]


async def test_a_project_runs_on_its_own_python(each_box):
    found = other_python()
    if found is None:
        pytest.skip("no second Python from 3.11 on is installed here")
    version, path = found
    world = shop(python=version, interpreter=path)
    source = "import sys, ctypes, sqlite3, json\n'%d.%d' % sys.version_info[:2]"
    await check_value(each_box, source, version, world=world)
    await check_value(each_box, "total([1])", 100, world=world)


@pytest.mark.parametrize("path", ["../x.py", "/etc/x.py", "a/../../x.py"])
async def test_no_path_leaves_the_project(each_box, path):
    seen = await observe(each_box, Expression(source="1"), world=shop(files={path: b""}))
    assert seen.outcome is Outcome.NOT_RUN, seen
