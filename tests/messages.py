"""The likeliest failures: what somebody did, and the one line that is printed.

`python -m tests.messages` makes them all happen and writes docs/failures.json from what was said.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MADE = ROOT / "docs" / "failures.json"
GOOD = 'def is_even(n):\n    """Is n even?\n\n    >>> is_even(4)\n    True\n    """\n'
LOCAL = {"ATLAS_SANDBOX": "unsafe-local"}
SOLVE = "atlas solve m.py::is_even"
DEAD = {"DOCKER_HOST": "unix:///run/nowhere.sock"}


@dataclass(frozen=True, kw_only=True)
class Failure:
    did: str
    words: str
    exit: int
    environ: dict[str, str]
    last_only: bool = False
    """What is printed before is a result, no message."""


def failure(did: str, words: str, code: int, last_only: bool = False, **environ: str) -> Failure:
    return Failure(did=did, words=words, exit=code, environ=environ, last_only=last_only)


FAILURES = (
    failure("mistyped a command", "atlas slove m.py::is_even", 2),
    failure("mistyped a file", "atlas solve n.py::is_even", 2),
    failure("mistyped a function", "atlas solve m.py::is_evn", 2),
    failure("forgot the file", "atlas solve ::is_even", 2),
    failure("gave a value out of range", "atlas solve m.py::is_even --k 100", 2),
    failure("mistyped a flag's value", "atlas tests m.py::is_even --style doctests", 2),
    failure("left out what to do", "atlas solve", 2),
    failure("named a file with a syntax error", "atlas solve bad.py::f", 2),
    failure("named a file in another encoding than it says", "atlas solve latin.py::f", 2),
    failure("named a folder for a function", "atlas solve pkg::f", 2),
    failure("named what is no regular file", "atlas solve /dev/zero::f", 2),
    failure("asked for tests of a stub", "atlas tests m.py::is_even", 1, **LOCAL),
    failure(
        "named a model that is not there", "atlas solve m.py::is_even --model big.gguf", 3, **LOCAL
    ),
    failure(
        "named a model that is not installed", "atlas solve m.py::is_even --model qwen9", 3, **LOCAL
    ),
    failure(
        "named a download that broke off", "atlas solve m.py::is_even --model half.gguf", 3, **LOCAL
    ),
    failure(
        "named an endpoint where nobody listens",
        "atlas solve m.py::is_even --model http://127.0.0.1:9/v1",
        3,
        **LOCAL,
    ),
    failure("has no Docker running", "atlas solve m.py::is_even", 3, **DEAD),
    failure("wrote a wrong DOCKER_HOST", "atlas solve m.py::is_even", 3, DOCKER_HOST="localhost"),
    failure("set a variable to what cannot be", "atlas solve m.py::is_even", 2, ATLAS_K="many"),
    failure(
        "cloned a project that names a model",
        "atlas solve cloned/m.py::is_even --model big.gguf",
        3,
        **LOCAL,
    ),
    failure("broke the file of settings", "atlas config set k 5", 2, ATLAS_CONFIG="broken.toml"),
    failure("ran set-up in a script without --yes", "atlas init", 2),
    failure(
        "wants to write a write-protected file",
        "atlas repair locked.py::f --apply",
        3,
        True,
        **LOCAL,
    ),
    failure("named a pool that is not there", "atlas select pool.jsonl --out chosen.jsonl", 2),
)


def furnish(folder: Path) -> None:
    (folder / "m.py").write_text(GOOD)
    (folder / "bad.py").write_text("def f(:\n    pass\n")
    (folder / "latin.py").write_bytes(b'def f():\n    """\xe9"""\n')
    (folder / "pkg").mkdir()
    (folder / "cloned").mkdir()
    (folder / "cloned" / "m.py").write_text(GOOD)
    (folder / "cloned" / "pyproject.toml").write_text('[tool.atlas]\nmodel = "evil.gguf"\n')
    (folder / "broken.toml").write_text("model = \n")
    locked = folder / "locked.py"
    examples = "".join(f"    >>> f({n})\n    {n + 2}\n" for n in (2, 0, 7))
    locked.write_text(f'def f(n):\n    """\n{examples}    """\n    return n - 2\n')
    locked.chmod(0o444)
    (folder / "half.gguf").write_bytes(
        (ROOT / "pipeline/nano/data/nano.gguf").read_bytes()[:99_000]
    )


def happen(one: Failure, folder: Path) -> tuple[int, str]:
    """The exit code and what was said on stderr."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "ATLAS_CONFIG": "none.toml", **one.environ}
    words = [sys.executable, "-m", "atlas_lsp.start", *one.words.split()[1:]]
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environ,
        cwd=folder,
        check=False,
    )
    lines = done.stderr.strip().splitlines()
    said = "\n".join(lines[-1:] if one.last_only else lines)
    return done.returncode, said.replace(str(folder), "...")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        furnish(folder)
        rows = []
        for one in FAILURES:
            code, said = happen(one, folder)
            shown = [f"{k}={v}" for k, v in one.environ.items() if k not in LOCAL]
            rows.append(
                {"did": one.did, "typed": " ".join([*shown, one.words]), "exit": code, "said": said}
            )
            if code != one.exit:
                print(f"exit {code}, not {one.exit}: {one.words}: {said}", file=sys.stderr)
        MADE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
