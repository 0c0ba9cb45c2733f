"""What the documents show is what happens: commands run, sessions are real, no link is dead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs.made import PARTS
from docs.sessions import PAGES, ROOT, Block, blocks, furnish, lasting, made, run

MARKDOWN = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(p for p in (ROOT / "editors").rglob("*.md") if "node_modules" not in p.parts),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    furnish(tmp_path)
    return tmp_path


def name_of(value: object) -> str:
    return value.name if isinstance(value, Path) else ""


@pytest.mark.docker
@pytest.mark.parametrize("page", [p for p in PAGES if list(blocks(p))], ids=name_of)
def test_every_command_of_a_page_runs(page: Path, folder: Path):
    for block in blocks(page):
        if not block.is_run:
            assert len(block.mark) > len("not run here: ..")
            continue
        for command in block.commands:
            code, said = run(command, folder)
            assert code == 0, f"{command}: {said}"


@pytest.mark.docker
@pytest.mark.parametrize(
    "block", [b for p in PAGES for b in blocks(p) if b.is_session], ids=lambda b: b.commands[0]
)
def test_a_session_is_what_is_printed(block: Block, folder: Path):
    assert lasting(made(block, folder)) == lasting(block.body), "run `make sessions`"


@pytest.mark.docker
@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in p.read_text()], ids=name_of)
def test_every_python_block_runs(page: Path, folder: Path):
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.name}: {target}"


def test_every_part_that_is_made_can_be_made():
    marks = {
        name
        for page in (ROOT / "docs").glob("*.md")
        for name in re.findall(r"<!-- made: (\w+) -->", page.read_text(encoding="utf-8"))
    }
    assert marks <= set(PARTS)
    for name in marks:
        assert len(PARTS[name]()) > 20


class Links(HTMLParser):
    """Where a page leads, what it loads, and what can be led to in it."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[tuple[str, str]] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.anchors |= {str(v) for k, v in named.items() if k in ("id", "name")}
        for key in ("href", "src"):
            if named.get(key):
                self.targets.append((tag, str(named[key])))


def test_the_site_is_whole_and_fetches_nothing(tmp_path: Path):
    pytest.importorskip("material", reason="mkdocs-material is not installed; `make docs` does")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-q", "-d", str(tmp_path / "site")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = {}
    for path in (tmp_path / "site").rglob("*.html"):
        parsed = Links()
        parsed.feed(path.read_text(encoding="utf-8"))
        pages[path.resolve()] = parsed
    assert len(pages) >= 11
    for path, page in pages.items():
        for tag, target in page.targets:
            is_far = re.match(r"(https?:)?//", target)
            assert not (is_far and tag in ("script", "link", "img")) or "canonical" in target
            if is_far or re.match(r"[a-z]+:", target) or path.name == "404.html":
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file.partition("?")[0]).resolve() if file else path
            there = there / "index.html" if there.is_dir() else there
            assert there.exists(), f"{path.name}: {target}"
            if anchor and there in pages:
                assert anchor in pages[there].anchors, f"{path.name}: {target}"


def test_the_manual_page_has_every_command(tmp_path: Path):
    pytest.importorskip("argparse_manpage", reason="argparse-manpage is not installed")
    done = subprocess.run(
        [*(sys.executable, "-m", "docs.manual")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    from atlas_lsp.cli import COMMANDS

    assert done.stdout.startswith(".TH ATLAS")
    for command in COMMANDS:
        assert command.__name__.rpartition(".")[2] in done.stdout
    page = tmp_path / "atlas.1"
    page.write_text(done.stdout)
    if subprocess.run(["which", "man"], capture_output=True, check=False).returncode == 0:
        shown = subprocess.run(["man", str(page)], capture_output=True, text=True, check=False)
        assert shown.returncode == 0, shown.stderr


def test_files_that_a_decision_names_are_there():
    there = {
        path.name
        for room in ("pipeline", "sandbox", "tests")
        for path in (ROOT / room).rglob("*.py")
    }
    pages = list((ROOT / "docs" / "decisions").glob("*.md"))
    named = {name for page in pages for name in re.findall(r"`([a-z_]+\.py)`", page.read_text())}
    assert named
    assert named <= there


def test_no_usage_line_of_the_commands_ends_within_brackets():
    usages = re.findall(r"```text\n(.*?)```", PARTS["commands"](), re.DOTALL)
    assert usages
    lines = [line for usage in usages for line in usage.splitlines()]
    assert [line for line in lines if line.count("[") != line.count("]")] == []
