"""`atlas init` and `atlas model use`: a model, a sandbox, a proof, the settings; again repairs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from atlas_lsp.machine import Machine, memory
from pipeline.wiring import NANO

ATLAS = [sys.executable, "-m", "atlas_lsp.start"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "mine.gguf").write_bytes(NANO.read_bytes())
    return tmp_path


def atlas(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    home = {"HOME": str(place / "home"), "ATLAS_CONFIG": str(place / "settings.toml")}
    return subprocess.run(
        [*ATLAS, *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **home, **more},
        cwd=ROOT,
        check=False,
        timeout=300,
    )


def settings(place: Path) -> dict[str, object]:
    return tomllib.loads((place / "settings.toml").read_text())


@pytest.mark.docker
def test_a_path_is_checked_proved_and_written_and_the_next_command_uses_it(place: Path):
    model = place / "mine.gguf"
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    done = atlas(place, "init", "--yes", "--model", str(model), "--sha256", digest, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == "verified"
    assert list(document["steps"]) == ["machine", "model", "sandbox", "proof", "settings"]
    assert settings(place) == {"model": str(model)}
    (place / "m.py").write_text('def f(n):\n    """Twice n.\n\n    >>> f(2)\n    4\n    """\n')
    used = json.loads(atlas(place, "solve", f"{place}/m.py::f", "--json").stdout)
    assert used["model"]["sha256"] == digest
    model.unlink()
    gone = atlas(place, "solve", f"{place}/m.py::f")
    assert gone.returncode == 3
    assert "mine.gguf" in gone.stderr


def test_again_repairs_a_file_of_settings_that_cannot_be_read(place: Path):
    (place / "settings.toml").write_text("model = \n")
    done = atlas(place, "init", "--yes", "--model", "nano", "--sandbox", "unsafe-local")
    assert done.returncode == 0, done.stderr
    assert settings(place) == {"model": "nano"}
    assert (place / "settings.toml.broken").read_text() == "model = \n"
    assert "demonstration" in done.stdout


def test_again_keeps_what_was_chosen(place: Path):
    (place / "settings.toml").write_text(f'k = 5\nmodel = "{place}/mine.gguf"\n')
    done = atlas(place, "init", "--yes", "--sandbox", "unsafe-local")
    assert done.returncode == 0, done.stderr
    assert settings(place) == {"k": 5, "model": str(place / "mine.gguf")}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--model", "/nowhere/x.gguf"), 3, "/nowhere/x.gguf"),
        (("--model", "no-such-name"), 3, "no-such-name"),
        (("--model", "http://127.0.0.1:9/v1"), 3, "127.0.0.1:9"),
        (("--model", "PLACE/mine.gguf", "--sha256", "00"), 2, "sha256"),
        (("--model", "PLACE/half.gguf"), 3, "half.gguf"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_nothing_is_written(
    place: Path, words: tuple[str, ...], code: int, said: str
):
    (place / "half.gguf").write_bytes(NANO.read_bytes()[:100_000])
    given = [word.replace("PLACE", str(place)) for word in words]
    done = atlas(place, "init", "--yes", *given, "--sandbox", "unsafe-local")
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr.strip().splitlines()[-1]
    assert not (place / "settings.toml").exists()


def test_without_a_terminal_nothing_is_asked(place: Path):
    done = atlas(place, "init")
    assert done.returncode == 2
    assert "--yes" in done.stderr


def test_a_model_that_does_not_solve_the_example_is_not_taken(place: Path):
    done = atlas(
        place, "init", "--yes", "--model", "nano", "--sandbox", "unsafe-local", "--timeout", "0.001"
    )
    assert done.returncode == 1
    assert "nothing was written" in done.stdout
    assert not (place / "settings.toml").exists()


def test_model_use_changes_the_default_to_what_is_there(place: Path):
    assert atlas(place, "model", "use", str(place / "mine.gguf")).returncode == 0
    assert settings(place) == {"model": str(place / "mine.gguf")}
    assert atlas(place, "model", "add", str(place / "mine.gguf")).returncode == 0
    assert atlas(place, "model", "use", "mine").returncode == 0
    assert settings(place) == {"model": "mine"}
    assert atlas(place, "model", "use", "http://127.0.0.1:8080/v1").returncode == 0
    refused = atlas(place, "model", "use", "nowhere")
    assert refused.returncode == 3
    assert "atlas model list" in refused.stderr
    assert settings(place) == {"model": "http://127.0.0.1:8080/v1"}


def test_a_container_says_how_much_memory_there_is(tmp_path: Path):
    (tmp_path / "max").write_text("1000000\n")
    (tmp_path / "unlimited").write_text("max\n")
    assert memory((tmp_path / "max", tmp_path / "unlimited", tmp_path / "missing")) == 1_000_000


def test_the_card_decides_where_there_is_one():
    one = Machine(cores=2, memory=8 * 10**9, gpu_memory=None, system="Linux", python="3.12")
    assert one.room == 6 * 10**9
    other = Machine(cores=2, memory=8 * 10**9, gpu_memory=24 * 10**9, system="x", python="3.12")
    assert other.room == 24 * 10**9
