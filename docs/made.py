"""Parts of pages that are made from the code: `<!-- made: NAME -->` becomes the part."""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
MARK = re.compile(r"^<!-- made: (\w+) -->$", re.MULTILINE)
SOURCE = "https://github.com/atlas-lsp/atlas-lsp/blob/main"


def on_page_markdown(markdown: str, **_: object) -> str:
    """What mkdocs calls for each page."""
    return MARK.sub(lambda found: PARTS[found[1]](), markdown)


def settings() -> str:
    from atlas_lsp.settings import table

    return table()


def variables() -> str:
    from atlas_lsp.settings import environment_name, properties

    return ", ".join(f"`{environment_name(name)}`" for name in properties())


def commands() -> str:
    from atlas_lsp.cli import parser

    return "\n".join(_command(parser(), 2))


def _command(parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    yield f"{'#' * level} {parser.prog}\n"
    if parser.description:
        said = parser.description.rstrip(".")
        yield f"{said[0].upper()}{said[1:]}.\n"
    subparsers = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    usage = " ".join(parser.format_usage().removeprefix("usage: ").split())
    # No line ends within brackets: their spaces come back once the lines are made.
    whole = re.sub(r"\[[^\[\]]*\]", lambda found: found[0].replace(" ", "\0"), usage)
    lines = textwrap.wrap(whole, 90, subsequent_indent="    ", break_on_hyphens=False)
    lines = [line.replace("\0", " ") for line in lines]
    yield "\n".join(["```text", *lines, "```\n"])
    rows = [a for a in parser._actions if a.help != argparse.SUPPRESS and a not in subparsers]
    rows = [a for a in rows if a.dest != "help"]
    for action in rows:
        names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{_shown(action)}`"
        value = f" `{_shown(action)}`" if action.option_strings and action.nargs != 0 else ""
        said = (action.help or "").replace("%%", "%").replace("<", "&lt;")
        yield f"* {names}{value}{': ' if said else ''}{said}"
    yield ""
    for action in subparsers:
        for one in dict.fromkeys(action.choices.values()):
            yield from _command(one, min(level + 1, 4))


def _shown(action: argparse.Action) -> str:
    if action.metavar:
        return str(action.metavar)
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def api() -> str:
    import atlas_lsp

    parts = []
    for name in atlas_lsp.__all__:
        one = getattr(atlas_lsp, name)
        parts.append(f"## {name}\n")
        if inspect.isfunction(one):
            parts.append(f"```python\n{_signature(name, one)}\n```\n")
            parts.append(inspect.cleandoc(one.__doc__ or "") + "\n")
            continue
        parts.append(inspect.cleandoc(one.__doc__ or "") + "\n")
        fields = getattr(one, "__dataclass_fields__", {})
        parts += [f"* `{field.name}: {field.type}`" for field in fields.values()]
        parts.append("")
    return "\n".join(parts)


def _signature(name: str, function: object) -> str:
    assert callable(function)
    signature = inspect.signature(function)
    given = list(signature.parameters.values())
    lines = [f"    {one}," for one in given]
    at = next((i for i, one in enumerate(given) if one.kind == one.KEYWORD_ONLY), 0)
    lines[at:at] = ["    *,"] if at else []
    text = "\n".join([f"def {name}(", *lines, f") -> {signature.return_annotation}:"])
    return text.replace("'", "")


def failures() -> str:
    rows = json.loads((ROOT / "docs" / "failures.json").read_text(encoding="utf-8"))
    lines = ["| what was done | typed | printed | exit |", "|---|---|---|---|"]
    for row in rows:
        # Two ticks around: what is printed has single ones in it.
        said = "<br>".join(f"`` {line} ``" for line in row["said"].replace("|", "\\|").splitlines())
        lines.append(f"| {row['did']} | `{row['typed']}` | {said} | {row['exit']} |")
    return "\n".join(lines)


def _page(path: str, deeper: str = "") -> str:
    """A document of the repository without its title, its links made absolute; its headings may
    stand below one of the page.
    """
    file = ROOT / path
    if not file.exists():
        return f"{path} is not written yet."
    text = file.read_text(encoding="utf-8").split("\n", 1)[1]

    def absolute(found: re.Match[str]) -> str:
        target = found[2]
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        place = (file.parent / target.partition("#")[0]).resolve().relative_to(ROOT)
        return f"[{found[1]}]({SOURCE}/{place.as_posix()})"

    text = re.sub(r"^(?=#+ )", deeper, text, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", absolute, text)


PARTS = {
    "settings": settings,
    "variables": variables,
    "commands": commands,
    "api": api,
    "failures": failures,
    "editors": lambda: _page("editors/README.md"),
    "architecture": lambda: _page("ARCHITECTURE.md"),
    "security": lambda: _page("SECURITY.md"),
    "card": lambda: _page("pipeline/nano/CARD.md", deeper="#"),
    "changelog": lambda: _page("CHANGELOG.md"),
}
