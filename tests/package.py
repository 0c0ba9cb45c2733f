"""A package as people have them: src layout, an environment, a sibling, tests that fail."""

from __future__ import annotations

import shutil
import venv
from importlib.metadata import distribution
from pathlib import Path

PATIENT = "[tool.atlas]\ntimeout = 600\n"
"""What is slow here is the machine."""
PURSE = "class Coins(int):\n    def __repr__(self):\n        return f'Coins({int(self)})'\n"
MONEY = "def cents(price):\n    return round(100 * price)\n"
EXAMPLES = """\

    >>> half(3)
    Coins(150)
    >>> half(1)
    Coins(50)
    """
CART = f'''\
"""A cart 🚀."""

from purse import Coins

from .money import cents


def half(price):
    """What each of two pays.
{EXAMPLES}"""
    return Coins(cents(price) // 3)
'''
TESTED = CART.replace(f"\n{EXAMPLES}", "")
"""Only the tests say what is wrong."""
TESTS = """\
import pytest
from purse import Coins

from shop.cart import half


@pytest.mark.parametrize("price", [0, 1, 3, 10])
def test_two_pay_the_whole(price):
    assert 2 * half(price) == 100 * price


def test_coins_come_out():
    assert half(2) == Coins(100)
"""


def package_in(folder: Path, cart: str) -> Path:
    """The file with `cart` in it; what it needs is in the environment and beside it."""
    (folder / "pyproject.toml").write_text(PATIENT)
    venv.create(folder / ".venv", with_pip=False)
    site = packages_of(folder)
    (site / "purse.py").write_text(PURSE)
    info = site / "purse-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: purse\nVersion: 1.0\n")
    (info / "RECORD").write_text("purse.py,,\npurse-1.0.dist-info/METADATA,,\n")
    inner = folder / "src" / "shop"
    inner.mkdir(parents=True)
    for name, text in {"__init__": "", "money": MONEY, "cart": cart}.items():
        (inner / f"{name}.py").write_text(text, encoding="utf-8")
    return inner / "cart.py"


def add_tests(folder: Path) -> None:
    """Tests of the package, and in its environment the pytest that runs here."""
    for name in ("pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        for one in distribution(name).files or ():
            if ".." not in one.parts and one.suffix != ".pyc":
                to = packages_of(folder) / one
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(one.locate()), to)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_cart.py").write_text(TESTS)


def packages_of(folder: Path) -> Path:
    (site,) = (folder / ".venv").glob("lib/*/site-packages")
    return site
