"""The world around a module: what goes in, what stays out, and that bad input hurts nobody."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.world import discover
from pipeline.world.closure import MAX_FILE_BYTES
from pipeline.world.discover import Surroundings, surroundings_of
from pipeline.world.project import files_below

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def check(
    folder: Path, files: dict[str, str | bytes], module: str, source: str | None = None
) -> Surroundings:
    """What is found around `module`; `source` is an unsaved buffer."""
    write(folder, files)
    path = folder / module
    data = source.encode() if source is not None else path.read_bytes()
    return surroundings_of(path, data, environ={"HOME": str(folder / "nobody")})


def environment(folder: Path, installed: dict[str, dict[str, str | bytes]]) -> None:
    """A `.venv` with distributions: `{"PyYAML-6.0": {"yaml/__init__.py": ""}}`."""
    site = f".venv/lib/python{VERSION}/site-packages"
    files: dict[str, str | bytes] = {".venv/pyvenv.cfg": f"version = {VERSION}.1\n"}
    for full, content in installed.items():
        name, _, version = full.rpartition("-")
        info = f"{site}/{name.replace('-', '_')}-{version}.dist-info"
        meta = str(content.pop("METADATA", ""))
        files[f"{info}/METADATA"] = (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{meta}"
        )
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in content)
        files.update({f"{site}/{path}": text for path, text in content.items()})
    write(folder, files)
    (folder / ".venv/bin").mkdir()
    (folder / f".venv/lib/python{VERSION}/site-packages").mkdir(parents=True, exist_ok=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)


PACKAGE: dict[str, str | bytes] = {
    "pyproject.toml": '[project]\nname = "shop"\n',
    "src/shop/__init__.py": "from .cart import total\n",
    "src/shop/cart.py": "from .money import euro\nimport yaml\ndef total(): ...\n",
    "src/shop/money.py": "from shop import rates\neuro = 1\n",
    "src/shop/rates.py": "import json\n",
    "src/shop/unused.py": "import torch\n",
    ".env": "TOKEN=1\n",
    "src/shop/.env": "TOKEN=1\n",
    "tests/test_cart.py": "import shop\n",
}


def test_the_closure_goes_in_and_nothing_else(tmp_path: Path) -> None:
    found = check(tmp_path, PACKAGE, "src/shop/cart.py")
    names = ("__init__", "cart", "money", "rates")
    assert sorted(found.world.files) == [f"src/shop/{name}.py" for name in names]
    assert (found.world.module, found.world.path) == ("shop.cart", "src/shop/cart.py")
    assert found.world.roots == ("src",)
    assert found.closure.foreign == {"yaml"}


def test_the_buffer_counts_also_of_a_file_that_was_never_saved(tmp_path: Path) -> None:
    found = check(tmp_path, PACKAGE, "src/shop/new.py", "from . import unused\n")
    assert found.world.files["src/shop/new.py"] == b"from . import unused\n"
    assert "src/shop/unused.py" in found.world.files


def test_examples_import_too_and_type_checkers_do_not(tmp_path: Path) -> None:
    text = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import rich\n"
        'def f():\n    """\n    >>> from shop.unused import g\n    """\n'
    )
    found = check(tmp_path, {**PACKAGE, "src/shop/m.py": text}, "src/shop/m.py")
    assert "src/shop/unused.py" in found.world.files
    assert found.closure.foreign == {"torch", "yaml"}


def test_a_package_that_imports_by_computed_names_is_there_as_a_whole(tmp_path: Path) -> None:
    text = (
        "from importlib import import_module\ndef get(n): return import_module('.' + n, __name__)\n"
    )
    found = check(tmp_path, {**PACKAGE, "src/shop/__init__.py": text}, "src/shop/rates.py")
    assert "src/shop/unused.py" in found.world.files


def test_data_files_that_a_source_names_are_there_and_secrets_are_not(tmp_path: Path) -> None:
    text = (
        "A = 'words.txt'\nB = 'templates'\nC = '.json'\nD = '.env'\nE = 'secrets.toml'\n"
        "F = '../outside.txt'\nG = '/etc/passwd'\nH = 'id_rsa'\n"
    )
    data = ("words.txt", "templates/a.html", "x.json", "other.bin", "secrets.toml", "id_rsa")
    files = {**PACKAGE, "src/shop/m.py": text, "src/outside.txt": "x"}
    files |= {f"src/shop/{name}": "x" for name in data}
    write(tmp_path, files)
    (tmp_path / "src/shop/more.json").symlink_to("secrets.toml")
    found = check(tmp_path, files, "src/shop/m.py")
    kept = {Path(p).name for p in found.world.files} - {Path(p).name for p in PACKAGE}
    assert kept == {"m.py", "words.txt", "a.html", "x.json"}


def test_distributions_come_from_metadata_with_what_they_require(tmp_path: Path) -> None:
    environment(
        tmp_path,
        {
            "PyYAML-6.0": {
                "yaml/__init__.py": "",
                "_yaml.cpython-311-x86_64-linux-gnu.so": b"",
                "METADATA": "Requires-Dist: dep[fast] >= 1 ; python_version > '3'\n"
                "Requires-Dist: windows-only ; sys_platform == 'win32'\n"
                "Requires-Dist: other ; extra == 'more'\n",
            },
            "dep-1.0": {"dep.py": "", "METADATA": "Requires-Dist: speed ; extra == 'fast'\n"},
            "speed-1.0": {"speed.py": ""},
            "other-1.0": {"other.py": ""},
            "windows-only-1.0": {"winonly.py": ""},
            "big-1.0": {"big/__init__.py": ""},
        },
    )
    found = check(tmp_path, PACKAGE, "src/shop/cart.py")
    assert [one.name for one in found.distributions] == ["dep", "pyyaml", "speed"]
    assert {"yaml", "dep.py", "speed.py", "PyYAML-6.0.dist-info"} <= set(found.world.site)
    assert found.world.preload == ("yaml",)
    assert found.world.python == VERSION
    assert not found.absent


def test_what_is_not_installed_is_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    environment(tmp_path, {})
    found = check(tmp_path, PACKAGE, "src/shop/cart.py")
    assert found.absent == ("yaml",)
    assert "not installed" in found.why_absent("yaml")
    assert f"{tmp_path / '.venv'}" in found.why_absent("yaml")
    assert "-m pip install yaml" in found.why_absent("yaml.nodes")


def test_without_an_environment_the_mend_is_to_make_one(tmp_path: Path) -> None:
    assert "has no environment" in check(tmp_path, PACKAGE, "src/shop/cart.py").why_absent("yaml")


@pytest.mark.parametrize("how", ["pth", "finder"])
def test_an_editable_neighbour_is_a_source_and_no_distribution(tmp_path: Path, how: str) -> None:
    project, other = tmp_path / "shop", tmp_path / "other"
    site = f"lib/python{VERSION}/site-packages"
    environment(project, {"neighbour-1.0": {}})
    write(other, {"neighbour/__init__.py": "from . import inner\n", "neighbour/inner.py": ""})
    info = project / ".venv" / site / "neighbour-1.0.dist-info"
    url = f'{{"url": "file://{other}", "dir_info": {{"editable": true}}}}'
    (info / "direct_url.json").write_text(url)
    if how == "pth":
        (project / ".venv" / site / "neighbour.pth").write_text(f"import os\n{other}\n")
    else:
        text = f"MAPPING: dict[str, str] = {{'neighbour': {str(other / 'neighbour')!r}}}\n"
        (project / ".venv" / site / "__editable___neighbour_1_0_finder.py").write_text(text)
    files: dict[str, str | bytes] = {"pyproject.toml": "", "m.py": "import neighbour\n"}
    found = check(project, files, "m.py")
    assert not found.closure.foreign
    inside = [path for path in found.world.files if path.endswith("neighbour/inner.py")]
    assert inside == ["_beside/0/neighbour/inner.py"]
    assert "_beside/0" in found.world.roots


def test_the_projects_own_metadata_is_there_where_it_is_asked_for(tmp_path: Path) -> None:
    environment(tmp_path, {"shop-1.0": {}})
    info = tmp_path / f".venv/lib/python{VERSION}/site-packages/shop-1.0.dist-info"
    url = f'{{"url": "file://{tmp_path}", "dir_info": {{"editable": true}}}}'
    (info / "direct_url.json").write_text(url)
    text = "from importlib.metadata import version\n__version__ = version('shop')\n"
    found = check(tmp_path, {**PACKAGE, "src/shop/__init__.py": text}, "src/shop/rates.py")
    assert found.world.site == {"shop-1.0.dist-info": str(info)}


# --- bad input ------------------------------------------------------------------------------------


def test_circular_imports_end(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.py": "import b\n", "b.py": "import a\n"}
    assert sorted(check(tmp_path, files, "a.py").world.files) == ["a.py", "b.py"]


def test_a_namespace_across_two_roots(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['one', 'two']\n",
        "one/corp/a.py": "from corp import b\n",
        "two/corp/b.py": "",
    }
    found = check(tmp_path, files, "one/corp/a.py")
    assert found.world.module == "corp.a"
    assert sorted(found.world.files) == ["one/corp/a.py", "two/corp/b.py"]
    assert found.world.roots == ("one", "two")


@pytest.mark.parametrize(
    ("imported", "distributions"),
    [
        ("from corp.money import euro", ["corp-deep-rates", "corp-money"]),
        ("import corp.deep.rates", ["corp-deep-rates", "corp-money"]),
        ("from corp.text.words import anything", []),
    ],
)
def test_a_namespace_that_is_shared_with_what_is_installed(
    tmp_path: Path, imported: str, distributions: list[str]
) -> None:
    environment(
        tmp_path,
        {
            "corp-money-1.0": {"corp/money/__init__.py": "euro = 1\n"},
            "corp-deep-rates-1.0": {"corp/deep/rates.py": ""},
        },
    )
    files: dict[str, str | bytes] = {
        "pyproject.toml": '[project]\nname = "corp.text"\n',
        "corp/text/__init__.py": f"{imported}\n",
        "corp/text/words.py": "",
    }
    # Whoever has a part of the namespace goes in: which part is whose only the imports would say.
    found = check(tmp_path, files, "corp/text/__init__.py")
    assert [one.name for one in found.distributions] == distributions
    assert not found.absent


def test_a_symlink_loop(tmp_path: Path) -> None:
    text = "import importlib\nimportlib.import_module('shop.' + 'x')\nT = 'loop'\n"
    write(tmp_path, {**PACKAGE, "src/shop/__init__.py": text})
    (tmp_path / "src/shop/loop").symlink_to(tmp_path / "src/shop", target_is_directory=True)
    (tmp_path / "src/shop/self.py").symlink_to(tmp_path / "src/shop/self.py")
    found = check(tmp_path, {}, "src/shop/cart.py")
    assert not [path for path in found.world.files if "loop" in path]
    assert check(tmp_path, {}, "src/shop/self.py", "x = 1\n").world.files


def test_a_project_of_many_files_is_not_walked(tmp_path: Path) -> None:
    write(tmp_path, {**PACKAGE, **{f"data/{n}/x.py": "" for n in range(300)}})
    with listed() as seen:
        check(tmp_path, {}, "src/shop/cart.py")
    assert seen
    assert not [path for path in seen if "/data/" in path]


def test_a_search_through_many_files_ends(tmp_path: Path) -> None:
    write(tmp_path, {f"{n:03}/x.py": "" for n in range(300)})
    with listed() as seen:
        found = list(files_below(tmp_path, (".py",), most_looked_at=350))
    assert len(found) <= 50
    assert len(seen) <= 52


def test_of_gigabytes_of_packages_only_those_that_are_reached_go_in(tmp_path: Path) -> None:
    environment(tmp_path, {"PyYAML-6.0": {"yaml/__init__.py": ""}, "torch-2.0": {"torch/x.py": ""}})
    site = tmp_path / f".venv/lib/python{VERSION}/site-packages"
    for name in ("torch", "yaml"):
        with (site / name / "weights.bin").open("wb") as file:
            file.truncate(4 << 30)
    found = check(tmp_path, PACKAGE, "src/shop/cart.py")
    assert set(found.world.site) == {"yaml", "PyYAML-6.0.dist-info"}
    assert sum(map(len, found.world.files.values())) < 10_000


_heard: list[list[str]] = []


def _hear(event: str, args: tuple[object, ...]) -> None:
    if _heard and event in ("os.listdir", "os.scandir"):
        _heard[-1].append(str(args[0]))


@contextmanager
def listed() -> Iterator[list[str]]:
    """The folders whose content is asked for meanwhile, as the interpreter itself tells it."""
    if not _heard:
        # An audit hook stays for good, and says nothing while nobody listens.
        sys.addaudithook(_hear)
    _heard.append([])
    try:
        yield _heard[-1]
    finally:
        _heard.append([])


def test_sources_that_are_no_utf_8_or_no_python_travel_as_they_are(tmp_path: Path) -> None:
    odd = "# coding: latin-1\nx = 'ä'\n".encode("latin-1")
    files = {**PACKAGE, "src/shop/rates.py": odd, "src/shop/money.py": b"from . import rates, \xff"}
    files["src/shop/cart.py"] = "from . import money, rates\n"
    found = check(tmp_path, files, "src/shop/cart.py")
    assert found.world.files["src/shop/rates.py"] == odd
    assert found.world.files["src/shop/money.py"] == b"from . import rates, \xff"


def test_a_source_that_is_too_big_is_left_out_and_said(tmp_path: Path) -> None:
    files = {**PACKAGE, "src/shop/rates.py": b"#" * (MAX_FILE_BYTES + 1)}
    found = check(tmp_path, files, "src/shop/cart.py")
    assert found.closure.is_cut
    assert "src/shop/rates.py" not in found.world.files
    assert "too many or too big" in found.shown


def test_nothing_is_written_and_nothing_of_the_project_runs(tmp_path: Path) -> None:
    boom = "raise SystemExit(1)\n"
    write(tmp_path, {**PACKAGE, "src/shop/rates.py": boom, "conftest.py": boom, "setup.py": boom})
    environment(tmp_path, {})
    site = tmp_path / f".venv/lib/python{VERSION}/site-packages"
    (site / "evil.pth").write_text("import os; os._exit(1)\n")
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    check(tmp_path, {}, "src/shop/cart.py")
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_broken_configuration_counts_as_none(tmp_path: Path) -> None:
    files = {**PACKAGE, "pyproject.toml": b"[tool\xff", "setup.cfg": "x\n[", "pytest.ini": "[["}
    assert check(tmp_path, files, "src/shop/cart.py").world.module == "shop.cart"


def test_a_dangling_environment_is_the_reason_for_what_is_missing(tmp_path: Path) -> None:
    environment(tmp_path, {"PyYAML-6.0": {"yaml/__init__.py": ""}})
    (tmp_path / ".venv/bin/python").unlink()
    (tmp_path / ".venv/bin/python").symlink_to("/nowhere/python")
    found = check(tmp_path, PACKAGE, "src/shop/cart.py")
    assert found.world.interpreter == ""
    assert "has no interpreter that still exists" in found.why_absent("yaml")


def test_discovery_reads_each_file_once(tmp_path: Path) -> None:
    assert discover.__doc__
    first = check(tmp_path, PACKAGE, "src/shop/cart.py")
    assert check(tmp_path, {}, "src/shop/cart.py").world.key == first.world.key


def test_a_file_alone_says_nothing_of_where_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "m.py"
    path.write_text("def f():\n    return 1\n")
    assert surroundings_of(path, path.read_bytes(), environ={}).is_alone
    environment(tmp_path, {"PyYAML-6.0": {"yaml/__init__.py": ""}})
    found = surroundings_of(path, path.read_bytes(), environ={})
    assert found.environment
    assert found.is_alone
    (tmp_path / "other.py").write_text("N = 1\n")
    path.write_text("import other\n\n\ndef f():\n    return other.N\n")
    assert not surroundings_of(path, path.read_bytes(), environ={}).is_alone
