"""A module's import root and dotted name, for every layout that projects have."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.world.place import place_of
from pipeline.world.project import project_of


def check(folder: Path, files: dict[str, str], module: str) -> tuple[str, str]:
    """Import root (relative) and name of `module` in a project of these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    path = folder / module
    place = place_of(path, project_of(path), path.read_bytes())
    root = place.root.relative_to(folder.resolve()).as_posix()
    return root, place.name


SETUPTOOLS = '[project]\nname = "shop"\n[tool.setuptools.packages.find]\nwhere = ["lib"]\n'
HATCH = '[project]\nname = "x"\n[tool.hatch.build.targets.wheel]\npackages = ["python/shop"]\n'
POETRY = '[tool.poetry]\nname = "x"\npackages = [{ include = "shop", from = "py" }]\n'
FLIT = '[project]\nname = "shop"\n[build-system]\nbuild-backend = "flit_core.buildapi"\n'
PDM = '[project]\nname = "x"\n[tool.pdm.build]\npackage-dir = "code"\n'
UV = '[project]\nname = "x"\n[tool.uv.build-backend]\nmodule-root = "mods"\n'
MATURIN = '[project]\nname = "x"\n[tool.maturin]\npython-source = "python"\n'
SETUP_CFG = "[options]\npackage_dir =\n    = lib\n[options.packages.find]\nwhere = lib\n"


@pytest.mark.parametrize(
    ("config", "root"),
    [
        ({"pyproject.toml": SETUPTOOLS}, "lib"),
        ({"pyproject.toml": HATCH}, "python"),
        ({"pyproject.toml": POETRY}, "py"),
        ({"pyproject.toml": FLIT}, "src"),
        ({"pyproject.toml": FLIT}, "."),
        ({"pyproject.toml": PDM}, "code"),
        ({"pyproject.toml": UV}, "mods"),
        ({"pyproject.toml": MATURIN}, "python"),
        ({"setup.cfg": SETUP_CFG}, "lib"),
        ({"setup.py": "from setuptools import setup\nsetup()\n"}, "."),
    ],
)
def test_each_build_system_leads_to_the_root(
    tmp_path: Path, config: dict[str, str], root: str
) -> None:
    files = {**config, f"{root}/shop/__init__.py": "", f"{root}/shop/a/cart.py": ""}
    files[f"{root}/shop/a/__init__.py"] = ""
    assert check(tmp_path, files, f"{root}/shop/a/cart.py") == (root, "shop.a.cart")


def test_a_namespace_package_keeps_its_whole_name_where_it_is_declared(tmp_path: Path) -> None:
    files = {"pyproject.toml": HATCH, "src/corp/pay/__init__.py": "", "src/corp/pay/m.py": ""}
    assert check(tmp_path, files, "src/corp/pay/m.py") == ("src", "corp.pay.m")


def test_and_where_its_own_imports_say_so(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "",
        "corp/pay/__init__.py": "",
        "corp/pay/m.py": "from corp.pay.n import x\n",
        "corp/pay/n.py": "x = 1\n",
    }
    assert check(tmp_path, files, "corp/pay/m.py") == (".", "corp.pay.m")


def test_an_init_is_its_package(tmp_path: Path) -> None:
    files = {"setup.py": "", "shop/__init__.py": "", "shop/sub/__init__.py": ""}
    assert check(tmp_path, files, "shop/sub/__init__.py") == (".", "shop.sub")


@pytest.mark.parametrize("module", ["m.py", "scripts/run.py", "my-script.py"])
def test_a_file_in_no_package_is_a_module_of_its_folder(tmp_path: Path, module: str) -> None:
    files = {"pyproject.toml": FLIT, "shop/__init__.py": "", module: "import json\n"}
    root, name = check(tmp_path, files, module)
    assert (root, name) == (str(Path(module).parent), Path(module).stem)


def test_a_script_that_imports_a_package_named_like_its_folder_stays_a_script(
    tmp_path: Path,
) -> None:
    files = {"pyproject.toml": "", "json/x.py": "import json.decoder\n"}
    assert check(tmp_path, files, "json/x.py") == ("json", "x")


def test_pythonpath_of_pytest_is_a_root(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\npythonpath = a b\n", "b/deep/m.py": ""}
    assert check(tmp_path, files, "b/deep/m.py") == ("b", "deep.m")
