"""Projects that are broken, huge or odd: one line or it simply works, and no file is changed."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.core.context import Settings
from pipeline.core.task import Status
from pipeline.job import JobResult, run_job
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.wiring import Runtime
from pipeline.world.closure import MAX_FILES, MAX_IN_FOLDER
from pipeline.world.discover import surroundings_of
from pipeline.world.tested_by import files_that_test
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=6_000_000)
PATIENT = Settings(plan_search=False, thinking_tokens=0, repair_rounds=0, k=1, timeout_s=300.0)
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
WRONG = (
    "def f(x):\n"
    + '    """\n'
    + "".join(f"    >>> f({n})\n    {n + 1}\n" for n in (2, 7, 0))
    + '    """\n    return x - ONE\n'
)


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def state(folder: Path) -> list[tuple[str, int, int]]:
    """Every file with its size and the time of its last change."""
    found = []
    for base, folders, files in os.walk(folder):
        for name in (*folders, *files):
            seen = os.lstat(f"{base}/{name}")
            found.append((f"{base}/{name}", seen.st_size, seen.st_mtime_ns))
    return sorted(found)


def read(path: Path) -> bytes:
    return path.read_bytes()


async def job(box: Sandbox, path: Path, source: str | None = None) -> JobResult:
    """Repair `f`; whatever comes of it, no file of the project is another than before."""
    before = state(path.parents[1])
    document = document_from_bytes(source.encode() if source else read(path), str(path))
    model = ScriptedModel(["I do not know."] * 9, info=SMALL)
    runtime = Runtime(model=model, sandbox=box)
    result = await run_job(runtime, document, find_function(document, "f"), PATIENT)
    assert state(path.parents[1]) == before
    assert result.solution.ledger is not None
    assert result.solution.ledger.model_calls == 0
    return result


async def check_repaired(box: Sandbox, path: Path, source: str | None = None) -> JobResult:
    result = await job(box, path, source)
    assert result.solution.status is Status.VERIFIED, result.solution
    assert result.new_text is not None
    assert "x + ONE" in result.new_text
    return result


async def check_refused(box: Sandbox, path: Path, *words: str) -> None:
    result = await job(box, path)
    assert result.solution.obstacle
    assert "\n" not in result.solution.obstacle
    for word in words:
        assert word in result.solution.obstacle


def package(folder: Path, files: dict[str, str | bytes]) -> Path:
    """A project with `src/shop/m.py`, the path of which is given back."""
    usual: dict[str, str | bytes] = {
        "pyproject.toml": '[project]\nname = "shop"\n',
        "src/shop/__init__.py": "",
        "src/shop/m.py": f"from shop.one import ONE\n\n\n{WRONG}",
        "src/shop/one.py": "ONE = 1\n",
    }
    write(folder, {**usual, **files})
    return folder / "src/shop/m.py"


def environment(folder: Path, files: dict[str, str | bytes], name: str = ".venv") -> Path:
    """An environment with a distribution `native` that has these files; its folder of packages."""
    top = folder / name
    site = top / f"lib/python{VERSION}/site-packages"
    info = "native-1.0.dist-info"
    write(top, {"pyvenv.cfg": f"home = {Path(sys.executable).parent}\nversion = {VERSION}.1\n"})
    write(site, {f"{info}/METADATA": "Metadata-Version: 2.1\nName: native\nVersion: 1.0\n"})
    write(site, {f"{info}/RECORD": "".join(f"{path},,\n" for path in files), **files})
    (top / "bin").mkdir()
    (top / "bin/python").symlink_to(sys.executable)
    return site


def elf(machine: int) -> bytes:
    """The header of a shared library for a machine (elf(5)), and nothing in it."""
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    return ident + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)


AARCH64 = elf(183)
NATIVE = {"src/shop/one.py": "from native.core import ONE\n"}


@pytest.fixture(autouse=True)
def no_active_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


# --- environments ---------------------------------------------------------------------------------


async def test_a_package_that_is_not_installed(box: Sandbox, tmp_path: Path) -> None:
    path = package(tmp_path, NATIVE)
    await check_refused(box, path, "needs native", "has no environment", "python3 -m venv")
    environment(tmp_path, {})
    await check_refused(box, path, "needs native", "-m pip install native")


async def test_an_environment_whose_interpreter_is_gone(box: Sandbox, tmp_path: Path) -> None:
    path = package(tmp_path, NATIVE)
    environment(tmp_path, {"native/__init__.py": "", "native/core.py": "ONE = missing\n"})
    (tmp_path / ".venv/bin/python").unlink()
    (tmp_path / ".venv/bin/python").symlink_to("/nowhere/python3")
    await check_refused(box, path, "cannot be imported")
    path = package(tmp_path, {"src/shop/one.py": "import absent\n"})
    await check_refused(box, path, "no interpreter that still exists", "python3 -m venv --clear")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other binaries than ELF")
async def test_an_environment_of_another_machine(box: Sandbox, tmp_path: Path) -> None:
    path = package(tmp_path, NATIVE)
    name = "native/core.abi3.so"
    site = environment(tmp_path, {"native/__init__.py": "", name: AARCH64})
    await check_refused(box, path, "built for aarch64", "install native again")
    (site / name).rename(site / "native/core.cpython-311-aarch64-linux-gnu.so")
    await check_refused(box, path, "built for aarch64", "install native again")
    (tmp_path / ".venv/bin/python").unlink()
    (tmp_path / ".venv/bin/python").write_bytes(AARCH64)
    found = surroundings_of(path, path.read_bytes(), environ={}).environment
    assert found is not None
    assert "holds a Python for aarch64, which does not run here" in found.problem
    (tmp_path / ".venv/bin/python").write_bytes(b"MZ\x90")
    found = surroundings_of(path, path.read_bytes(), environ={}).environment
    assert found is not None
    assert "holds a Python for Windows" in found.problem


async def test_two_environments_that_fit(box: Sandbox, tmp_path: Path) -> None:
    path = package(tmp_path, NATIVE)
    environment(tmp_path, {"native/core.py": "ONE = 1\n"})
    environment(tmp_path, {"native/core.py": "raise OSError('the other')\n"}, name="venv")
    result = await check_repaired(box, path)
    assert any(f"{tmp_path / 'venv'} would fit too" in line for line in result.solution.evidence)


async def test_four_gigabytes_of_packages(box: Sandbox, tmp_path: Path) -> None:
    path = package(tmp_path, NATIVE)
    files: dict[str, str | bytes] = {"native/core.py": "ONE = 1\n", "native/weights.bin": b""}
    site = environment(tmp_path, files)
    with (site / "native/weights.bin").open("wb") as file:
        file.truncate(4 << 30)
    await check_repaired(box, path)


# --- files ----------------------------------------------------------------------------------------


async def test_a_namespace_package_across_two_roots(box: Sandbox, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["one", "two"]\n',
            "one/corp/m.py": f"from corp.one import ONE\n\n\n{WRONG}",
            "two/corp/one.py": "ONE = 1\n",
        },
    )
    await check_repaired(box, tmp_path / "one/corp/m.py")


async def test_a_loop_of_links(box: Sandbox, tmp_path: Path) -> None:
    text = "import importlib\nDATA = 'loop'\nNEXT = importlib.import_module('shop.' + 'one')\n"
    path = package(tmp_path, {"src/shop/__init__.py": text})
    (tmp_path / "src/shop/loop").symlink_to(tmp_path / "src/shop", target_is_directory=True)
    (tmp_path / "src/shop/self.py").symlink_to(tmp_path / "src/shop/self.py")
    (tmp_path / "tests").symlink_to(tmp_path, target_is_directory=True)
    await check_repaired(box, path)


async def test_sources_that_are_not_utf_8(box: Sandbox, tmp_path: Path) -> None:
    one = "# coding: latin-1\nNAME = 'ä'\nONE = len(NAME)\n".encode("latin-1")
    path = package(tmp_path, {"src/shop/one.py": one, "src/shop/torn.py": b"\xff\xfe"})
    await check_repaired(box, path)
    path = package(tmp_path, {"src/shop/one.py": b"ONE = '\xff'\n"})
    await check_refused(box, path, "shop.m cannot be imported", "SyntaxError")


async def test_a_buffer_that_is_not_saved(box: Sandbox, tmp_path: Path) -> None:
    path = package(tmp_path, {"src/shop/user.py": "from shop.m import f\n"})
    source = path.read_text()
    path.write_text("raise RuntimeError('the text on the disk is not what is edited')\n")
    await check_repaired(
        box, path, source.replace("import ONE\n", "import ONE\nimport shop.user\n")
    )
    await check_repaired(box, path.with_name("new.py"), source)


def atlas(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "atlas_lsp.cli", *words, "--sandbox", "unsafe-local"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write into; for root, whom modes do not stop, a mount."""
    folder = tmp_path / "project"
    package(folder, {})
    if os.geteuid() != 0:
        folder.chmod(0o555)
        (folder / "src/shop").chmod(0o555)
        yield folder
        (folder / "src/shop").chmod(0o755)
        folder.chmod(0o755)
        return
    tried = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"root can write everywhere, and may not mount: {tried.stderr.decode()}")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


async def test_an_import_root_without_write_permission(box: Sandbox, unwritable: Path) -> None:
    path = unwritable / "src/shop/m.py"
    with pytest.raises(OSError, match=r"ermission|Read-only"):
        (path.parent / "new.py").write_text("")
    await check_repaired(box, path)
    done = await asyncio.to_thread(atlas, "repair", f"{path}::f", "--apply")
    assert done.returncode == 3, done
    assert [text for text in done.stderr.splitlines() if "m.py" in text and "write" in text]
    assert "Traceback" not in done.stderr


# --- fifty thousand files -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """500 packages of 100 modules, in a package of their own."""
    folder = tmp_path_factory.mktemp("huge")
    for n in range(500):
        at = f"{folder}/src/shop/parts/p{n:03}"
        os.makedirs(at)  # noqa: PTH103 - a Path for each of 50,000 files takes as long again
        for m in range(100):
            os.close(os.open(f"{at}/m{m:02}.py", os.O_CREAT | os.O_WRONLY))
    yield folder
    shutil.rmtree(folder)


async def test_a_project_of_fifty_thousand_files(box: Sandbox, huge: Path) -> None:
    path = package(huge, {"tests/test_m.py": "from shop.m import f\n\ndef test_f(): assert f(1)\n"})
    await check_repaired(box, path)
    around = surroundings_of(path, path.read_bytes(), environ={})
    assert len(around.world.files) == 3
    assert files_that_test(around, path.read_bytes(), ["f"]).naming == ("tests/test_m.py",)


async def test_what_a_module_reaches_is_cut_and_that_is_said(box: Sandbox, huge: Path) -> None:
    text = "import importlib\nload = lambda name: importlib.import_module(name)\nONE = 1\n"
    path = package(huge, {"src/shop/m.py": f"{text}\n\n{WRONG}"})
    n_files = len(surroundings_of(path, path.read_bytes(), environ={}).world.files)
    assert MAX_FILES - 10 < n_files <= MAX_FILES + 1
    result = await check_repaired(box, path)
    assert any("too many or too big files" in line for line in result.solution.evidence)


async def test_a_folder_of_data_is_cut(box: Sandbox, tmp_path: Path) -> None:
    text = (
        "import pathlib\nONE = len(list((pathlib.Path(__file__).parent / 'data').iterdir())) // 500"
    )
    files = {f"src/shop/data/{n}.txt": "" for n in range(2 * MAX_IN_FOLDER)}
    path = package(tmp_path, {"src/shop/m.py": f"{text}\n\n\n{WRONG}", **files})
    await check_repaired(box, path)
