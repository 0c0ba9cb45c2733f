"""What a function uses of other modules of its project, and who calls it there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.inputs.target import target_of
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.world.discover import surroundings_of
from pipeline.world.relations import calls_around, neighbours_of

SHOP = Path(__file__).parents[2] / "projects" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop")) / "src" / "shop"


def check(path: Path, name: str, *shown: str, absent: tuple[str, ...] = ()) -> None:
    data = path.read_bytes()
    document = document_from_bytes(data, str(path))
    site = find_function(document, name)
    found = neighbours_of(document, site, surroundings_of(path, data, environ={}))
    text = task_from_file(document, site, neighbours=found).nearby
    for one in shown:
        assert one in text
    for one in absent:
        assert one not in text


def test_what_it_uses_is_shown_by_signature_and_docstring(shop: Path):
    check(
        shop / "cart.py",
        "Cart.subtotal",
        "# shop.money\n@dataclass(frozen=True)\nclass Money:",
        "An amount in cents.",
        "def times(self, n: int) -> Money:",
        "# shop.money\ndef parse_money(text: str) -> Money:",
        absent=("int(whole) * 100", "self.cents * n"),
    )


def test_a_name_is_followed_through_re_exports(shop: Path):
    check(shop / "report.py", "mean_price", "# shop.money\n@dataclass(frozen=True)\nclass Money")


def test_callers_in_other_modules_are_shown_but_no_tests(shop: Path):
    (shop / "till.py").write_text(
        "from shop.cart import Cart\n\ndef due(cart):\n    return cart.subtotal().times(2)\n"
    )
    (shop / "other.py").write_text("def due(it):\n    return it.subtotal(3)\n")
    check(
        shop / "cart.py",
        "Cart.subtotal",
        "# Cart.with_tax calls it:\n#     return Money(self.subtotal().cents * 125 // 100)",
        "# src.shop.till.due calls it:\n#     return cart.subtotal().times(2)",
        absent=("it.subtotal(3)", "test_"),
    )


def test_files_that_cannot_be_read_are_passed_over(shop: Path):
    (shop / "torn.py").write_bytes(b"import Cart\n\xff\xfe subtotal(")
    (shop / "gone.py").symlink_to(shop / "nowhere.py")
    check(shop / "cart.py", "Cart.subtotal", "class Money")


def test_calls_with_arguments_are_those_of_its_file_then_of_tests_then_of_the_rest(shop: Path):
    tests = shop.parents[1] / "tests"
    (shop / "till.py").write_text("def due():\n    return parse_money('3.00')\n")
    (tests / "test_money.py").write_text(
        "import pytest\n\ndef test_it():\n    assert parse_money('2.00')\n\n"
        "def test_bad():\n    with pytest.raises(ValueError):\n        parse_money('x')\n"
    )
    (tests / "test_torn.py").write_bytes(b"parse_money('\xff')")
    document = document_from_bytes((shop / "money.py").read_bytes(), str(shop / "money.py"))
    target = target_of(document, find_function(document, "parse_money"))
    found = calls_around(document, target)
    args = [one.call.args[0] for one in found]
    assert args.index("2.00") < args.index("x") < args.index("3.00")
    of_tests = {one.call.args[0]: (one.is_checked, one.raises) for one in found}
    assert of_tests["2.00"] == (True, "")
    assert of_tests["x"] == (True, "ValueError")
    assert of_tests["3.00"] == (False, "")
