"""One schema; user, project, environment and flags in that order; `atlas config` says which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from atlas_lsp.exits import UsageError
from atlas_lsp.settings import (
    SCHEMA,
    ServerSettings,
    checked,
    environment_name,
    explained,
    layers_of,
    project_root,
    properties,
    schema,
    settings_from,
    user_file,
    value_of,
    write_user_setting,
)

ATLAS = [sys.executable, "-m", "atlas_lsp.start"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A project and, beside it, a file for the user's settings."""
    (tmp_path / "project").mkdir()
    return tmp_path


def environ_of(place: Path, **more: str) -> dict[str, str]:
    return {"ATLAS_CONFIG": str(place / "settings.toml"), **more}


def check(
    place: Path,
    key: str,
    expected: object,
    *,
    user: str = "",
    project: str = "",
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> str:
    """What holds for `key`; the origin that `atlas config` would print."""
    (place / "settings.toml").write_text(user)
    (place / "project" / "pyproject.toml").write_text(f"[tool.atlas]\n{project}\n")
    layers, _ = layers_of(place / "project", environ_of(place, **(environ or {})), flags or {})
    (row,) = [row for row in explained(layers) if row.name == key]
    assert row.value == expected
    assert (
        settings_from(*(values for _, values in layers)).k
        == dict((one.name, one.value) for one in explained(layers))["k"]
    )
    return row.origin


def test_each_layer_is_stronger_than_the_one_before(place: Path):
    assert check(place, "k", 3) == "default"
    assert check(place, "k", 4, user="k = 4").endswith("settings.toml")
    assert check(place, "k", 5, user="k = 4", project="k = 5").endswith("pyproject.toml")
    env = {"ATLAS_K": "6"}
    assert check(place, "k", 6, user="k = 4", project="k = 5", environ=env) == "ATLAS_K"
    flags = {"k": 7}
    origin = check(place, "k", 7, user="k = 4", project="k = 5", environ=env, flags=flags)
    assert origin == "the command line"


@pytest.mark.parametrize("key", ["model", "sandbox", "containerRuntime", "trusted", "idleUnload"])
def test_what_belongs_to_the_machine_is_never_taken_from_a_project(place: Path, key: str):
    value = {"model": "evil.gguf", "sandbox": "unsafe-local", "trusted": True, "idleUnload": 1}
    value["containerRuntime"] = "evil"
    default = properties()[key]["default"]
    line = f"{key} = {json.dumps(value[key])}"
    assert check(place, key, default, project=line) == "default"
    _, complaints = layers_of(place / "project", environ_of(place), {})
    assert len(complaints) == 1
    assert key in complaints[0]


@pytest.mark.parametrize("source", ["project", "folder"])
def test_a_repository_cannot_have_edits_applied_unasked(source: str):
    good, complaints = checked({"apply": "auto"}, source, "it")  # type: ignore[arg-type]
    assert good == {}
    assert "your own settings" in complaints[0]
    assert checked({"apply": "offer"}, source, "it") == ({"apply": "offer"}, ())  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["user", "client", "launch"])
def test_a_person_can_have_edits_applied_unasked(source: str):
    assert checked({"apply": "auto"}, source, "it") == ({"apply": "auto"}, ())  # type: ignore[arg-type]


def test_the_users_file_cannot_leave_the_sandbox(place: Path):
    origin = check(place, "sandbox", "docker", user='sandbox = "unsafe-local"')
    assert origin == "default"
    env = {"ATLAS_SANDBOX": "unsafe-local"}
    assert check(place, "sandbox", "unsafe-local", environ=env) == "ATLAS_SANDBOX"


def test_the_file_for_editors_is_the_declaration():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema()
    assert settings_from() == ServerSettings()


def test_every_property_has_a_default_that_passes_its_own_check_and_a_variable():
    for key, one in properties().items():
        assert checked({key: one["default"]}, "launch", "it") == ({key: one["default"]}, ())
        text = json.dumps(one["default"]).strip('"')
        assert value_of(key, text, "launch", "it") == one["default"]
        assert environment_name(key).startswith("ATLAS_")


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("k", "0", "1 to 64"),
        ("k", "many", "'many'"),
        ("timeout", "0", "above 0"),
        ("timeout", "nan", "nan"),
        ("seed", "nan", "nan"),
        ("idleUnload", "inf", "inf"),
        ("hover", "perhaps", "perhaps"),
        ("apply", "never", "ask"),
        ("nowhere", "1", "unknown setting"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_do(key: str, text: str, said: str):
    with pytest.raises(UsageError, match=said):
        value_of(key, text, "launch", "it")


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("0", False), ("OFF", False)])
def test_booleans_are_read_as_people_write_them(text: str, value: bool):
    assert value_of("hover", text, "launch", "it") is value


def test_setting_one_key_keeps_the_rest_of_the_file(place: Path):
    path = place / "settings.toml"
    path.write_text('# mine\nmodel = "nano"  # small\nk = 5\n')
    write_user_setting(environ_of(place), "model", 'C:\\models\\ü "x".gguf')
    write_user_setting(environ_of(place), "hover", False)
    write_user_setting(environ_of(place), "k", None)
    assert path.read_text().startswith("# mine\n")
    layers, complaints = layers_of(None, environ_of(place), {})
    assert complaints == ()
    assert layers[0][1] == {"model": 'C:\\models\\ü "x".gguf', "hover": False}


def test_a_broken_user_file_is_a_complaint_and_is_not_written_over(place: Path):
    path = place / "settings.toml"
    path.write_text("model = \n")
    _, complaints = layers_of(None, environ_of(place), {})
    assert "settings.toml cannot be read" in complaints[0]
    with pytest.raises(UsageError, match="cannot be read"):
        write_user_setting(environ_of(place), "model", "nano")
    assert path.read_text() == "model = \n"


def test_the_place_of_the_users_file_is_the_systems(monkeypatch: pytest.MonkeyPatch, place: Path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place))
    assert user_file({}) == place / "atlas" / "settings.toml"


def test_the_project_is_the_nearest_folder_with_a_pyproject(place: Path):
    (place / "project" / "pyproject.toml").write_text("")
    (place / "project" / "src" / "pkg").mkdir(parents=True)
    file = place / "project" / "src" / "pkg" / "m.py"
    file.write_text("")
    assert project_root(file) == place / "project"
    assert project_root(place) == place


def atlas(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **environ_of(place, **more)}
    return subprocess.run(
        [*ATLAS, *words], capture_output=True, text=True, env=environ, cwd=ROOT, check=False
    )


def test_config_shows_sets_and_unsets(place: Path):
    assert atlas(place, "config", "set", "k", "9").returncode == 0
    shown = json.loads(atlas(place, "config", "--json", ATLAS_SEED="4").stdout)
    rows = {row["name"]: row for row in shown["settings"]}
    assert rows["k"] == {"name": "k", "value": 9, "origin": str(place / "settings.toml")}
    assert rows["seed"]["origin"] == "ATLAS_SEED"
    assert rows["timeout"]["origin"] == "default"
    assert "k = 9" in atlas(place, "config").stdout
    assert atlas(place, "config", "unset", "k").returncode == 0
    assert (place / "settings.toml").read_text().strip() == ""
    refused = atlas(place, "config", "set", "sandbox", "unsafe-local")
    assert refused.returncode == 2
    assert "ATLAS_SANDBOX" in refused.stderr


@pytest.mark.parametrize("route", ["user", "environment", "flag"])
@pytest.mark.parametrize(
    "words",
    [
        ("solve", "examples/basics.py::digit_sum"),
        ("tests", "examples/broken.py::total_positive"),
        ("doctor",),
        ("model", "check"),
        ("lens", "check"),
        ("bench", "run", "nano", "--out", "OUT"),
    ],
    ids=lambda words: words[0],
)
def test_every_command_takes_the_model_from_where_it_is_set(
    place: Path, route: str, words: tuple[str, ...]
):
    model = "/nowhere/that-one.gguf"
    if route == "user":
        (place / "settings.toml").write_text(f'model = "{model}"')
    named = (model,) if words[:2] == ("model", "check") else ("--model", model)
    flags = named if route == "flag" else ()
    more = {"ATLAS_SANDBOX": "unsafe-local"}
    if route == "environment":
        more["ATLAS_MODEL"] = model
    words = tuple(str(place / "run") if word == "OUT" else word for word in words)
    done = atlas(place, *words, *flags, **more)
    assert done.returncode == 3, done.stderr
    assert "that-one.gguf" in done.stdout + done.stderr


def test_the_projects_table_is_obeyed_by_the_command_line(place: Path):
    project = place / "project"
    (project / "pyproject.toml").write_text('[tool.atlas]\nk = 99\nmodel = "x"\nseed = 3\n')
    (project / "m.py").write_text('def f(n):\n    """>>> f(1)\n    1\n    """\n')
    done = atlas(
        place,
        "solve",
        f"{project}/m.py::f",
        "--json",
        "--without",
        "self-tests",
        ATLAS_SANDBOX="unsafe-local",
    )
    assert json.loads(done.stdout)["seed"] == 3
    assert "1 to 64" in done.stderr
    assert "model cannot be set by a project" in done.stderr


def test_what_is_not_trusted_runs_nothing(place: Path):
    done = atlas(place, "solve", "examples/basics.py::digit_sum", ATLAS_TRUSTED="no")
    assert done.returncode == 2
    assert "trusted" in done.stderr
    assert done.stdout == ""
