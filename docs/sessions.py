"""`python -m docs.sessions`: run the commands of the documents and put in what they print.

A block ```` ```console ```` holds commands after `$`. Below `<!-- session -->` it also holds their
output, which is made here; below `<!-- not run here: why -->` nothing is run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^\n]*?) -->\n)?```console\n(?P<body>.*?)```", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Block:
    page: Path
    mark: str
    body: str

    @property
    def commands(self) -> tuple[str, ...]:
        lines = self.body.splitlines()
        return tuple(line[2:] for line in lines if line.startswith("$ "))

    @property
    def is_session(self) -> bool:
        return self.mark == "session"

    @property
    def is_run(self) -> bool:
        return not self.mark.startswith("not run here: ")


def blocks(page: Path) -> Iterator[Block]:
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(page=page, mark=found["mark"] or "", body=found["body"])


def furnish(folder: Path) -> None:
    """A copy of the examples to work on."""
    shutil.copytree(ROOT / "examples", folder / "examples")


def run(command: str, folder: Path) -> tuple[int, str]:
    """Exit code, and stdout before stderr, as a reader sees a diff and then what it rests on."""
    program = f"{sys.executable} -m atlas_lsp.start"
    line = re.sub(r"(?<![\w/.-])atlas(?= |$)", program, command)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "ATLAS_CONFIG": str(folder / "settings.toml")}
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, cwd=folder, env=environ, check=False
    )
    waiting = re.compile(r"^atlas: \d+ s: .*\n", re.MULTILINE)
    return done.returncode, done.stdout + waiting.sub("", done.stderr)


def made(block: Block, folder: Path) -> str:
    """The block with what its commands print now."""
    said = [f"$ {command}\n{run(command, folder)[1]}" for command in block.commands]
    return "\n".join(said)


def lasting(text: str) -> list[str]:
    """The commands, the files, the statuses and how many examples pass; which of several right
    edits is found, and what it costs, differs with the load of the machine.
    """
    kept = re.compile(r"\$ |--- |\+\+\+ |\w+: \w+$|  passes ")
    return [line for line in text.splitlines() if kept.match(line)]


def main() -> None:
    for page in PAGES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            furnish(folder)
            text = page.read_text(encoding="utf-8")
            for block in blocks(page):
                if block.is_session:
                    text = text.replace(block.body, made(block, folder))
            page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
