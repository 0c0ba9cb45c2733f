"""Which test files can reach a module, found as pytest finds them, and what goes with them."""

from __future__ import annotations

from pathlib import Path

from pipeline.world.discover import surroundings_of
from pipeline.world.tested_by import TestFiles, files_that_test
from tests.pipeline.world.test_discover import environment, write

SHOP: dict[str, str | bytes] = {
    "pyproject.toml": '[project]\nname = "shop"\n',
    "src/shop/__init__.py": "",
    "src/shop/cart.py": "def total(xs): ...\ndef _round(x): ...\n",
    "src/shop/bill.py": "from shop.cart import total\ndef bill(xs): return total(xs)\n",
    "src/shop/other.py": "def alone(): ...\n",
    "tests/test_cart.py": "from shop.cart import total\n",
    "tests/unit/test_bill.py": "import numpy\nfrom shop import bill\nbill.bill([])\n",
    "tests/unit/data.json": "{}",
    "tests/unit/.env": "SECRET=1",
    "tests/test_other.py": "from shop.other import alone\n",
    "tests/check_cart.py": "from shop.cart import total\n",
    "build/lib/test_old.py": "from shop.cart import total\n",
}


def check(
    folder: Path, files: dict[str, str | bytes], *names: str, only: tuple[str, ...] = ()
) -> TestFiles:
    write(folder, files)
    path = folder / "src/shop/cart.py"
    source = path.read_bytes()
    around = surroundings_of(path, source, environ={"HOME": str(folder / "nobody")})
    return files_that_test(around, source, names, only=tuple(folder / one for one in only))


def test_those_count_whose_imports_lead_to_the_module(tmp_path: Path) -> None:
    found = check(tmp_path, SHOP, "total")
    assert set(found.all) == {"tests/test_cart.py", "tests/unit/test_bill.py"}


def test_a_caller_names_a_function_too(tmp_path: Path) -> None:
    assert set(check(tmp_path, SHOP, "total").naming) == {
        "tests/test_cart.py",
        "tests/unit/test_bill.py",
    }
    found = check(tmp_path, SHOP, "_round")
    assert (found.naming, set(found.others)) == (
        (),
        {"tests/test_cart.py", "tests/unit/test_bill.py"},
    )


def test_a_conftest_that_leads_there_counts_for_the_files_below_it(tmp_path: Path) -> None:
    files = {**SHOP, "tests/conftest.py": "from shop import cart\n"}
    found = check(tmp_path, files, "total")
    assert "tests/test_other.py" in found.others
    assert "tests/conftest.py" in found.around.world.files


def test_the_projects_own_rules_say_what_a_test_file_is(tmp_path: Path) -> None:
    rules = "[tool.pytest.ini_options]\npython_files = ['check_*.py']\ntestpaths = ['tests']\n"
    found = check(tmp_path, {**SHOP, "pyproject.toml": rules}, "total")
    assert found.all == ("tests/check_cart.py",)


def test_what_lies_beside_the_tests_goes_with_them_but_no_secret(tmp_path: Path) -> None:
    inside = check(tmp_path, SHOP, "total").around.world.files
    assert {"pyproject.toml", "tests/unit/data.json", "src/shop/bill.py"} <= set(inside)
    assert "tests/unit/.env" not in inside


def test_a_link_carries_no_secret_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x")
    root = tmp_path / "shop"
    links = {"a.txt": "../../../key", "b.txt": ".env", "c.txt": "data.json"}
    write(root, SHOP)
    for name, target in links.items():
        (root / "tests/unit" / name).symlink_to(target)
    inside = check(root, SHOP, "total").around.world.files
    assert {Path(p).name for p in inside} & set(links) == {"c.txt"}


def test_files_and_node_ids_narrow(tmp_path: Path) -> None:
    found = check(tmp_path, SHOP, "total", only=("tests/test_cart.py::test_a", "tests/unit"))
    assert set(found.naming) == {"tests/test_cart.py::test_a", "tests/unit/test_bill.py"}
    assert found.others == ()


def test_plugins_that_change_only_how_tests_run_stay_outside(tmp_path: Path) -> None:
    entry = "[pytest11]\nname = plugin\n"
    names = ("pytest_xdist", "pytest_mock", "pytest_sugar", "hypothesis")
    installed: dict[str, dict[str, str | bytes]] = {f"{n}-1.0": {f"{n}.py": ""} for n in names}
    environment(tmp_path, {"pytest-9.0": {"pytest.py": ""}, **installed})
    for info in (tmp_path / ".venv").rglob("*.dist-info"):
        if not info.name.startswith("pytest-"):
            (info / "entry_points.txt").write_text(entry)
    found = check(tmp_path, SHOP, "total")
    assert found.problem == ""
    site = set(found.around.world.site)
    assert {"pytest.py", "pytest_mock.py", "hypothesis.py"} <= site
    assert not {"pytest_xdist.py", "pytest_sugar.py"} & site


def test_an_environment_without_pytest_is_named_with_the_mend(tmp_path: Path) -> None:
    environment(tmp_path, {"numpy-1.0": {"numpy.py": ""}})
    assert "-m pip install pytest" in check(tmp_path, SHOP, "total").problem
