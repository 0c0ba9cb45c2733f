"""What people expect of a command line: several targets, pipes, closed streams, one document."""

from __future__ import annotations

import io
import json
import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from atlas_lsp.commands.common import progress
from atlas_lsp.commands.download import bar
from pipeline.core.events import Progress, StageStarted
from pipeline.source.locate import FunctionNotFound, find_function
from pipeline.syntax.text import Document
from tests.atlas_lsp.test_cli import ROOT, wait_until

ATLAS = [sys.executable, "-m", "atlas_lsp.start"]
EVEN = """\
def is_even(n):
    \"\"\"Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    \"\"\"
"""
WRONG = EVEN + "    return n % 2 == 1\n"
RIGHT = EVEN.replace("is_even", "even_too") + "    return n % 2 == 0\n"
PAIR = f"{EVEN}\n\n{RIGHT}"
LOCAL = {"ATLAS_SANDBOX": "unsafe-local"}
"""Only code of this repository and of its own model on tasks this easy runs there."""


def atlas(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **more}
    return subprocess.run(
        [*ATLAS, *words],
        capture_output=True,
        text=True,
        env=environ,
        cwd=ROOT,
        check=False,
        timeout=200,
    )


def shell(command: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """With the redirections of a shell; `ATLAS` in the command is the program."""
    line = command.replace("ATLAS", " ".join(ATLAS))
    environ = {**os.environ, **more}
    return subprocess.run(["bash", "-c", line], capture_output=True, env=environ, cwd=ROOT)


def one_document(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """stdout is exactly one JSON document, stderr one line."""
    document: dict[str, object] = json.loads(done.stdout)
    return document


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "m.py"
    path.write_text(PAIR)
    return path


# --- one document, whatever happens


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("solve", "nowhere.py::f", "--json"), 2, "usage"),
        (("solve", "examples/basics.py::nothing", "--json"), 2, "usage"),
        (("solve", "--json"), 2, "usage"),
        (("solve", "a.py::f", "--k", "0", "--json"), 2, "usage"),
        (("tests", "a.py::f", "--json", "--style", "none"), 2, "usage"),
        (("select", "nowhere.jsonl", "--out", "x", "--json"), 2, "usage"),
        (("solve", "examples/basics.py::digit_sum", "--json", "--model", "/no.gguf"), 3, "broken"),
        (("lens", "check", "--json", "--model", "/no.gguf"), 3, "broken"),
    ],
)
def test_json_prints_one_document_for_every_error(words: tuple[str, ...], code: int, kind: str):
    done = atlas(*words, **LOCAL)
    assert done.returncode == code, done.stderr
    error = one_document(done)["error"]
    assert isinstance(error, dict)
    assert (error["kind"], error["exit"]) == (kind, code)
    (line,) = done.stderr.strip().splitlines()
    assert line == f"atlas: {error['message']}"


def test_a_failed_write_is_in_the_one_document(module: Path):
    module.chmod(0o444)
    done = atlas("solve", f"{module}::is_even", "--json", "--apply", **LOCAL)
    document = one_document(done)
    assert done.returncode == 3
    assert document["status"] == "verified"
    assert document["written"] is False
    assert "write" in str(document["error"])


def test_json_is_plain_ascii_so_that_every_terminal_can_show_it(tmp_path: Path):
    path = tmp_path / "ü🚀.py"
    path.write_text(EVEN.replace("Is n even?", "Ist n gerade? ü🚀"))
    done = atlas("solve", f"{path}::is_even", "--json", **LOCAL, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert "ü🚀" in str(one_document(done)["file"])


def test_an_ascii_terminal_gets_a_diff_that_applies(tmp_path: Path):
    (tmp_path / "m.py").write_text(EVEN.replace("Is n even?", "Ist n gerade? ü🚀"))
    environ = {**os.environ, **LOCAL, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    words = [*ATLAS, "solve", "m.py::is_even"]
    done = subprocess.run(words, capture_output=True, env=environ, cwd=tmp_path, check=True)
    subprocess.run(["git", "apply"], input=done.stdout, cwd=tmp_path, check=True)
    assert "return" in (tmp_path / "m.py").read_text()


# --- the first steps


def test_atlas_alone_shows_what_one_would_do():
    done = atlas()
    assert done.returncode == 0
    shown = [line for line in done.stdout.splitlines() if line.startswith("  atlas ")]
    names = [line.split()[1] for line in shown]
    assert sorted(names) == ["check", "fix", "init", "repair", "solve", "tests"]


def test_a_mistyped_command_or_choice_names_the_one_that_was_meant():
    assert "did you mean solve" in atlas("slove", "x").stderr
    assert "did you mean doctest" in atlas("tests", "x", "--style", "doctests").stderr


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("runing_total", "running_total"),
        ("RunningTotal", "running_total"),
        ("total", "running_total"),
        ("push", "Stack.push"),
        ("Stck.push", "Stack.push"),
        ("zip_lists", "zip_two_lists"),
    ],
)
def test_the_likest_name_comes_first(typed: str, first: str):
    names = ("aardvark", "banana", "zip_two_lists", "running_total", "running_average")
    text = "".join(f"def {name}():\n    pass\n\n" for name in names)
    document = Document(text=text + "class Stack:\n    def push(self):\n        pass\n")
    if typed == "push":
        assert find_function(document, typed).name == first
        return
    with pytest.raises(FunctionNotFound) as caught:
        find_function(document, typed)
    assert caught.value.near[0] == first


def test_where_nothing_is_alike_the_first_functions_of_the_file_are_named():
    document = Document(text="def zeta():\n    pass\n\ndef alpha():\n    pass\n")
    with pytest.raises(FunctionNotFound, match="it has zeta, alpha"):
        find_function(document, "qqqqqq")


# --- solve and repair


@pytest.mark.docker
def test_repair_of_a_stub_and_solve_of_a_body_do_it_and_say_so(tmp_path: Path):
    path = tmp_path / "m.py"
    path.write_text(EVEN)
    done = atlas("repair", f"{path}::is_even", "--json")
    document = one_document(done)
    assert done.returncode == 0
    assert document["status"] == "verified"
    assert "has no body" in str(document["notes"])
    path.write_text(WRONG)
    done = atlas("solve", f"{path}::is_even")
    assert done.returncode == 0
    assert "has a body, so it was mended" in done.stderr


@pytest.mark.docker
def test_what_is_right_already_is_success(tmp_path: Path):
    path = tmp_path / "m.py"
    path.write_text(RIGHT)
    done = atlas("repair", f"{path}::even_too", "--json", "--apply")
    assert done.returncode == 0
    assert one_document(done)["already_right"] is True
    assert path.read_text() == RIGHT


@pytest.mark.docker
def test_nano_says_what_it_is_where_it_fails(tmp_path: Path):
    path = tmp_path / "m.py"
    path.write_text('def f(n):\n    """\n    >>> f(5)\n    78125 % 97\n    """\n')
    path.write_text(path.read_text().replace("78125 % 97", "'qwx7'"))
    done = atlas("solve", f"{path}::f", "--timeout", "4")
    assert done.returncode == 1
    assert "nano is a demonstration" in done.stderr
    assert "atlas init" in done.stderr


@pytest.mark.docker
def test_a_file_and_a_folder_are_done_function_by_function_and_again_goes_on(tmp_path: Path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "m.py").write_text(PAIR)
    (tmp_path / "pkg" / "w.py").write_text(WRONG)
    (tmp_path / "pkg" / "broken.py").write_text("def f(:\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "hidden.py").write_text(WRONG)
    done = atlas("repair", str(tmp_path), "--apply", "--json")
    document = one_document(done)
    assert done.returncode == 0, done.stderr
    assert document["counts"] == {"already right": 1, "verified": 1}
    assert "broken.py" in done.stderr
    assert (tmp_path / "pkg" / "w.py").read_text() != WRONG
    assert (tmp_path / ".venv" / "hidden.py").read_text() == WRONG
    again = atlas("repair", str(tmp_path), "--apply", "--json")
    assert one_document(again)["counts"] == {"already right": 2}


@pytest.mark.docker
def test_two_functions_of_one_file_are_one_diff(tmp_path: Path):
    path = tmp_path / "m.py"
    path.write_text(EVEN + "\n\n" + EVEN.replace("is_even", "even_two"))
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [*ATLAS, "solve", "m.py::is_even", "m.py::even_two"]
    done = subprocess.run(words, capture_output=True, env=environ, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"--- ") == 1
    assert b"2 functions: 2 verified" in done.stderr
    subprocess.run(["git", "apply"], input=done.stdout, cwd=tmp_path, check=True)
    assert path.read_text().count("return") == 2


def test_a_folder_without_such_functions_is_success(tmp_path: Path):
    done = atlas("solve", str(tmp_path), "--json")
    assert done.returncode == 0
    assert one_document(done) == {"results": [], "counts": {}}


@pytest.mark.parametrize("name", ["/dev/zero", "fifo", "large.py"])
def test_what_is_no_file_that_people_write_is_refused_at_once(tmp_path: Path, name: str):
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "large.py").open("wb") as file:
        file.truncate(10**9)
    done = atlas("solve", f"{tmp_path / name}::f")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.docker
def test_a_pool_comes_from_stdin(tmp_path: Path):
    pool = (ROOT / "tests" / "atlas_lsp" / "pool_of_two.jsonl").read_bytes()
    words = [*ATLAS, "select", "-", "--out", str(tmp_path / "out.jsonl"), "--json"]
    done = subprocess.run(words, input=pool, capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    chosen = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [one["task_id"] for one in chosen] == ["double"]
    assert chosen[0]["chosen"] == 1


# --- streams


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("ATLAS config >&-", 3, b"stdout is closed"),
        ("ATLAS config >/dev/full", 3, b"No space left"),
        ("ATLAS config --json >/dev/full", 3, b"No space left"),
        ("ATLAS config 2>&-", 0, b""),
        ("ATLAS solve nowhere.py::f 2>&-", 2, b""),
        ("ATLAS solve nowhere.py::f 2>/dev/full", 2, b""),
        ("ATLAS config <&-", 0, b""),
        ("ATLAS config >&- 2>&- <&-", 3, b""),
    ],
)
def test_closed_and_full_streams_give_the_right_exit_code(command: str, code: int, said: bytes):
    done = shell(command)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_a_reader_that_goes_away_is_no_traceback():
    done = shell("set -o pipefail; ATLAS --help | true")
    assert done.returncode in (0, 130)
    assert done.stderr == b""


@pytest.mark.parametrize("megabytes", [120, 250, 400])
def test_a_memory_limit_is_one_line(module: Path, megabytes: int):
    room = megabytes * 1024 * 1024
    done = subprocess.run(
        [*ATLAS, "solve", f"{module}::is_even"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=120,
        env={**os.environ, **LOCAL},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (room, room)),
    )
    if done.returncode != 0:
        assert done.returncode == 3, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.strip().splitlines()[-1].startswith("atlas: ")


@pytest.mark.parametrize(
    "words", [("config",), ("solve", "examples/basics.py::digit_sum", "--json")]
)
@pytest.mark.parametrize("after", [1, 3, 6, 12, 25])
def test_ctrl_c_at_any_moment_of_the_start_is_one_line(words: tuple[str, ...], after: int):
    """Not by the clock: the signal comes at the n-th file that Python opens to import."""
    hook = (
        "import os, signal, sys\n"
        "left = [int(os.environ['AFTER'])]\n"
        "def hook(event, args):\n"
        "    ours = str(args[0]).startswith(('atlas_lsp.', 'pipeline', 'sandbox'))\n"
        "    if event == 'import' and ours:\n"
        "        left[0] -= 1\n"
        "        if left[0] == 0:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "import atlas_lsp.start\n"
        "sys.addaudithook(hook)\n"
        f"sys.argv[1:] = {list(words)!r}\n"
        "sys.exit(atlas_lsp.start.atlas())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", hook],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        env={**os.environ, **LOCAL, "AFTER": str(after)},
    )
    assert done.returncode == 130, done.stderr
    assert done.stderr == "atlas: stopped; nothing was written\n"
    if "--json" in words:
        assert json.loads(done.stdout)["error"]["kind"] == "stopped"


# --- progress and colour


def test_a_pipe_hears_what_is_being_done(capsys: pytest.CaptureFixture[str]):
    said: list[str] = []

    def heard() -> bool:
        said.append(capsys.readouterr().err)
        return "generate" in "".join(said) and "(2 of 3)" in "".join(said)

    with progress(verbose=False, every_s=0.01) as emit:
        emit(StageStarted(stage="generate"))
        wait_until(lambda: heard() or "generate" in "".join(said), 20)
        emit(Progress(message="judging", done=2, total=3))
        wait_until(heard, 20)
    assert all(line.startswith("atlas: ") for line in "".join(said).splitlines())


def test_a_download_says_rate_and_remaining_time_in_a_pipe(capsys: pytest.CaptureFixture[str]):
    with bar("model", every_s=0.0) as on_progress:
        on_progress(1_000_000, 4_000_000)
        on_progress(2_000_000, 4_000_000)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("atlas: model: 2 of 4 MB, ")
    assert "MB/s" in last
    assert last.endswith("s left")


@pytest.mark.docker
def test_colour_is_for_terminals_and_whoever_asks(module: Path):
    plain = atlas("solve", f"{module}::is_even")
    asked = atlas("solve", f"{module}::is_even", "--color", "always")
    assert "\x1b[" not in plain.stdout
    assert "\x1b[" in asked.stdout
    shown = on_terminal("solve", f"{module}::is_even")
    assert "\x1b[" in shown
    assert "\x1b[" not in on_terminal("solve", f"{module}::is_even", NO_COLOR="1")


def on_terminal(*words: str, **more: str) -> str:
    """What stdout, a terminal, gets; stderr goes elsewhere."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", **more}
    with subprocess.Popen(
        [*ATLAS, *words], stdout=theirs, stderr=subprocess.DEVNULL, env=environ, cwd=ROOT
    ) as process:
        os.close(theirs)
        shown = io.BytesIO()
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:
                break
            if not data:
                break
            shown.write(data)
        os.close(ours)
    assert process.returncode == 0
    return shown.getvalue().decode()


# --- completion


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(name: str):
    done = atlas("completion", name)
    assert done.returncode == 0
    assert "atlas" in done.stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("atlas so", "solve"),
        ("atlas solve examples/basics.py::digi", "examples/basics.py::digit_sum"),
        ("atlas solve examples/bas", "examples/basics.py::"),
        ("atlas repair --mod", "--model"),
    ],
)
def test_the_shell_is_told_commands_files_and_functions(tmp_path: Path, line: str, expected: str):
    out = tmp_path / "out"
    environ = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
        "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><=;|&(",
    }
    done = subprocess.run(ATLAS, env=environ, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert expected in [one.strip() for one in out.read_text().split("\n")]


def test_sigterm_stops_as_ctrl_c_does(tmp_path: Path):
    from tests.hopeless import HOPELESS

    path = tmp_path / "slow.py"
    path.write_text(HOPELESS)
    trace = tmp_path / "trace"
    words = [*ATLAS, "solve", f"{path}::f", "--json", "--trace", str(trace)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **LOCAL}, cwd=ROOT
    ) as process:
        wait_until(lambda: trace.exists() and trace.stat().st_size > 0, 60)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(out)["error"] == {
        "kind": "stopped",
        "exit": 130,
        "message": "stopped; nothing was written",
    }
