"""Which environment is a project's, in which order, and what is wrong with a broken one."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from pipeline.world.environment import Environment, environment_of
from pipeline.world.project import project_of


def make_environment(prefix: Path, version: str = "3.12", *, home: str = "/usr/bin") -> Path:
    """The files of a virtual environment; its interpreter is a link that nobody runs."""
    (prefix / "bin").mkdir(parents=True)
    (prefix / f"lib/python{version}/site-packages").mkdir(parents=True)
    text = f"home = {home}\ninclude-system-site-packages = false\nversion = {version}.1\n"
    (prefix / "pyvenv.cfg").write_text(text)
    (prefix / "bin/python").symlink_to("/bin/sh")
    return prefix


def check(root: Path, *, chosen: str | None = None, **environ: str) -> Environment | None:
    (root / "m.py").touch()
    (root / "pyproject.toml").touch()
    environ.setdefault("HOME", str(root / "nobody"))
    return environment_of(project_of(root / "m.py"), root, chosen=chosen, environ=environ)


def test_nothing_found_is_none(tmp_path: Path) -> None:
    assert check(tmp_path) is None


@pytest.mark.parametrize("name", [".venv", "venv", "env"])
def test_an_environment_beside_the_project(tmp_path: Path, name: str) -> None:
    made = make_environment(tmp_path / name)
    found = check(tmp_path)
    assert found is not None
    assert (found.prefix, found.version, found.problem) == (made.resolve(), (3, 12), "")
    assert found.sites == (made.resolve() / "lib/python3.12/site-packages",)


def test_the_order_is_project_editor_active_beside_and_others_are_named(tmp_path: Path) -> None:
    beside = make_environment(tmp_path / ".venv")
    active, chosen, named = (make_environment(tmp_path / f"other/{n}") for n in "abc")
    (tmp_path / "pyproject.toml").write_text('[tool.atlas]\npython = "other/c"\n')
    orders = [
        ({"VIRTUAL_ENV": str(active)}, str(chosen / "bin/python"), named, "[tool.atlas] python"),
        ({"VIRTUAL_ENV": str(active)}, str(chosen / "bin/python"), chosen, "the editor's"),
        ({"VIRTUAL_ENV": str(active)}, None, active, "VIRTUAL_ENV"),
        ({}, None, beside, ".venv"),
    ]
    for n, (environ, choice, expected, origin) in enumerate(orders):
        if n == 1:
            (tmp_path / "pyproject.toml").write_text("")
        found = check(tmp_path, chosen=choice, **environ)
        assert found is not None
        assert found.prefix == expected
        assert found.origin.startswith(origin)
        assert n == 3 or str(found.others[0]) in found.shown


def test_tools_that_keep_environments_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.poetry]\nname = "shop"\n')
    digest = hashlib.sha256(str(root.resolve()).encode()).digest()
    name = f"shop-{base64.urlsafe_b64encode(digest)[:8].decode()}-py3.11"
    made = make_environment(tmp_path / "home/.cache/pypoetry/virtualenvs" / name, "3.11")
    found = check(root, HOME=str(tmp_path / "home"))
    assert found is not None
    assert (found.prefix, found.origin) == (made, "poetry")


@pytest.mark.parametrize("tool", ["pdm", "pyenv", "conda"])
def test_tools_that_name_an_environment_in_a_file(tmp_path: Path, tool: str) -> None:
    root, home = tmp_path / "shop", tmp_path / "home"
    root.mkdir()
    if tool == "pdm":
        made = make_environment(tmp_path / "kept")
        (root / ".pdm-python").write_text(str(made / "bin/python"))
    elif tool == "pyenv":
        made = make_environment(home / ".pyenv/versions/3.12.1")
        (root / ".python-version").write_text("3.12.1\n")
    else:
        made = home / "miniforge3/envs/shop"
        (made / "conda-meta").mkdir(parents=True)
        (made / "conda-meta/python-3.13.1-h1.json").touch()
        (made / "bin").mkdir()
        (made / "bin/python").symlink_to("/bin/sh")
        (root / "environment.yml").write_text("name: shop\n")
    found = check(root, HOME=str(home))
    assert found is not None
    assert found.prefix == made
    assert found.version == ((3, 13) if tool == "conda" else (3, 12))


def test_a_workspace_shares_the_environment_of_its_root(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["packages/*"]\n')
    made = make_environment(tmp_path / ".venv")
    member = tmp_path / "packages/one"
    member.mkdir(parents=True)
    found = check(member)
    assert found is not None
    assert found.prefix == made.resolve()


def test_a_dangling_environment_is_one_line_with_the_mend(tmp_path: Path) -> None:
    made = make_environment(tmp_path / ".venv", home="/opt/python3.12/bin")
    (made / "bin/python").unlink()
    (made / "bin/python").symlink_to(tmp_path / "gone")
    found = check(tmp_path)
    assert found is not None
    assert (
        "no interpreter that still exists (it was made with /opt/python3.12/bin)" in found.problem
    )
    assert "python3 -m venv --clear" in found.problem
    assert "\n" not in found.problem


def test_an_environment_that_was_named_and_is_not_there_is_said(tmp_path: Path) -> None:
    found = check(tmp_path, VIRTUAL_ENV=str(tmp_path / "nowhere"))
    assert found is not None
    assert found.problem.startswith(f"no environment at {tmp_path / 'nowhere'}")


def test_a_folder_that_is_no_environment_is_none(tmp_path: Path) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "env").write_text("")
    os.mkfifo(tmp_path / ".venv")
    assert check(tmp_path) is None
