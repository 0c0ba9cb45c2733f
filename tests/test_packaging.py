"""The wheel, installed beside projects that have packages named as ours are; both directions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.atlas_lsp.stdio import Client

ROOT = Path(__file__).parents[1]
MOST_BYTES = 30_000_000
WRONG = """\
def is_even(n):
    \"\"\"Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    \"\"\"
    return n % 2 == 1
"""


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheel in it; what we depend on comes from this one."""
    folder = tmp_path_factory.mktemp("env")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps"]
    subprocess.run([*command, "--no-index", str(wheel)], check=True)
    site = next((folder / "lib").glob("python3*/site-packages"))
    site.joinpath("of_the_tests.pth").write_text("\n".join(dependencies()))
    return folder


def dependencies() -> list[str]:
    """Folders of installed packages; never this checkout."""
    return [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]


@pytest.fixture(scope="session")
def installers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `pipx` and `uv`, in an environment of their own."""
    folder = tmp_path_factory.mktemp("installers")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "pipx", "uv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"pipx and uv cannot be had: {done.stderr.strip()[-200:]}")
    return folder / "bin"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, whose packages have our names and say so when they are imported."""
    for name in ("pipeline", "sandbox"):
        (tmp_path / name / "core").mkdir(parents=True)
        for at in (tmp_path / name, tmp_path / name / "core"):
            (at / "__init__.py").write_text(f"print('the {name} of the project')\nMINE = True\n")
    (tmp_path / "pipeline" / "api.py").write_text(WRONG)
    (tmp_path / "main.py").write_text(
        "import sys\nimport pipeline, sandbox\n"
        "assert pipeline.MINE and sandbox.MINE, (pipeline, sandbox)\n"
        "import atlas_lsp\n"
        "found = atlas_lsp.repair('pipeline/api.py', 'is_even', sandbox=sys.argv[1])\n"
        "print(found.status, found.passed, found.total, found.is_good)\n"
        "assert sys.modules['pipeline'] is pipeline\n"
        "import pipeline.api\n"
    )
    return tmp_path


def run(
    installed: Path, project: Path, *words: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """In the project's folder, with the project on PYTHONPATH: both ways to be hidden by it."""
    environ = {**os.environ, "PYTHONPATH": str(project), **(env or {})}
    command = [str(installed / "bin" / words[0]), *words[1:]]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=project, env=environ, check=False
    )


def test_the_wheel_is_small_typed_and_has_no_common_name_at_its_top(wheel: Path):
    assert wheel.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (record,) = [name for name in names if name.endswith("METADATA")]
        described = archive.read(record).decode()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"atlas_lsp"}
    wanted = ("py.typed", "settings.schema.json", "_home/pipeline/nano/data/nano.gguf")
    assert {f"atlas_lsp/{name}" for name in wanted} <= set(names)
    assert not [name for name in names if "/tests/" in name]
    sources = [p for top in ("pipeline", "sandbox") for p in (ROOT / top).rglob("*.py")]
    inside = {f"atlas_lsp/_home/{p.relative_to(ROOT).as_posix()}" for p in sources}
    assert inside <= set(names)
    assert "License-Expression: Apache-2.0" in described


@pytest.mark.docker
@pytest.mark.parametrize("sandbox", ["docker", "unsafe-local"])
def test_the_command_line_is_not_hidden_by_a_project(installed: Path, project: Path, sandbox: str):
    words = ("atlas", "repair", "pipeline/api.py::is_even", "--json", "--sandbox", sandbox)
    done = run(installed, project, *words)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == "verified"
    assert "of the project" not in done.stderr


@pytest.mark.docker
@pytest.mark.parametrize("sandbox", ["docker", "unsafe-local"])
def test_the_functions_leave_a_program_its_own_packages(
    installed: Path, project: Path, sandbox: str
):
    done = run(installed, project, "python", "main.py", sandbox)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "verified 2 2 True" in lines
    assert lines.count("the pipeline of the project") == 1


def test_a_program_without_such_packages_sees_none_of_ours(installed: Path, tmp_path: Path):
    code = "import atlas_lsp\nprint(atlas_lsp.solve.__name__)\nimport pipeline"
    done = subprocess.run(
        [str(installed / "bin" / "python"), "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.stdout.strip() == "solve"
    assert "No module named 'pipeline'" in done.stderr


INSTALL = {
    "pipx": ("install", "--pip-args=--no-index --find-links {wheels}", "atlas-lsp"),
    "uv": ("tool", "install", "--no-index", "--find-links", "{wheels}", "atlas-lsp"),
}


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("tool", INSTALL)
def test_one_command_installs_it_for_a_person(
    tool: str, installers: Path, wheels: Path, project: Path, tmp_path: Path
):
    home = tmp_path / "home"
    folders = {"PIPX_BIN_DIR": home / "bin", "UV_TOOL_BIN_DIR": home / "bin", "HOME": home}
    folders |= {"PIPX_HOME": home / "pipx", "UV_TOOL_DIR": home / "uv"}
    env = {**os.environ, **{name: str(path) for name, path in folders.items()}}
    env |= {"UV_PYTHON": sys.executable, "PIPX_DEFAULT_PYTHON": sys.executable}
    words = [word.format(wheels=wheels) for word in INSTALL[tool]]
    done = subprocess.run(
        [str(installers / tool), *words], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (home / "bin").iterdir()} == {"atlas", "atlas-lsp"}
    done = subprocess.run(
        [str(home / "bin" / "atlas"), "repair", "pipeline/api.py::is_even", "--json"],
        capture_output=True,
        text=True,
        cwd=project,
        env={**env, "PYTHONPATH": str(project)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "verified"


@pytest.mark.parametrize("words", [("bin/atlas-lsp",), ("bin/python", "-m", "atlas_lsp")])
def test_the_server_is_not_hidden_by_a_project(
    installed: Path, project: Path, tmp_path: Path, words: tuple[str, ...]
):
    command = [str(installed / words[0]), *words[1:]]
    env = {"PYTHONPATH": str(project), "ATLAS_SANDBOX": "unsafe-local"}
    with Client(tmp_path / "cache", env=env, command=command, cwd=project) as client:
        client.start()
        uri = (project / "pipeline" / "api.py").as_uri()
        client.open(uri, WRONG)
        job = client.command("atlas.repair", uri, "is_even")
        assert "jobId" in job, job
        deadline = time.monotonic() + 120
        while not any("is_even: verified" in text for text in shown(client)):
            client.receive(deadline)


def shown(client: Client) -> list[str]:
    """What the server says to the person."""
    said = [one for one in client.others if one["method"].startswith("window/showMessage")]
    return [one["params"]["message"] for one in said]


@pytest.mark.docker
def test_a_benchmark_finds_our_packages_in_its_other_processes(installed: Path, project: Path):
    words = ("bench", "run", "nano", "--out", "runs", "--conditions", "A", "--limit", "2")
    done = run(installed, project, "atlas", *words, "--quiet")
    assert done.returncode == 0, done.stderr
    assert "of the project" not in done.stdout + done.stderr


@pytest.mark.docker
def test_the_functions_say_what_went_wrong_and_what_was_made(tmp_path: Path):
    import atlas_lsp

    path = tmp_path / "m.py"
    path.write_text(WRONG)
    with pytest.raises(atlas_lsp.AtlasError, match="did you mean is_even") as caught:
        atlas_lsp.solve(path, "is_evn")
    assert caught.value.exit_code == 2
    with pytest.raises(atlas_lsp.AtlasError, match="nowhere") as caught:
        atlas_lsp.solve(path, "is_even", model="/nowhere.gguf")
    assert caught.value.exit_code == 3
    found = atlas_lsp.repair(path, "is_even", apply=True)
    assert (found.status, found.is_written, found.total) == ("verified", True, 2)
    assert atlas_lsp.repair(path, "is_even").is_right_already
    proposed = atlas_lsp.tests(path, "is_even", style="doctest", n_max=2)
    assert proposed.style == "doctest"
    assert proposed.killed_after >= proposed.killed_before
    assert sorted(atlas_lsp.__all__) == dir(atlas_lsp)
    (checked,) = atlas_lsp.check(path)
    assert (checked.function, checked.outcome, checked.total) == ("is_even", "passed", 2)
    path.write_text(WRONG)
    assert [one.outcome for one in atlas_lsp.check(tmp_path)] == ["failed"]
