"""Put doctest examples into a function's docstring; make the docstring where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.source.edit import TextEdit, applied
from pipeline.source.locate import FunctionSite
from pipeline.syntax.text import Document
from pipeline.testgen.cases import Case

LONGEST_LINE = 88
_LAST_EXAMPLE = re.compile(r"\n([ \t]*)>>> ")
_LITERAL = re.compile(r"(?P<prefix>[rRuU]?)(?P<quote>\"\"\"|'''|\"|')", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Named:
    """A case and what it shows."""

    label: str
    """Becomes a comment; "" for none."""
    case: Case


def with_doctests(document: Document, site: FunctionSite, tests: Sequence[Named]) -> str | None:
    """The file's text with the examples in the docstring, in the file's own line endings.

    None where the docstring is written in a way that cannot be added to (joined strings).
    """
    if site.docstring_start is None or site.docstring_end is None:
        edit = _new_docstring(document, site, tests)
    else:
        found = _grown(document, site, tests)
        if found is None:
            return None
        edit = found
    return applied(document.text, [edit])


def examples_text(tests: Sequence[Named], indent: str = "") -> str:
    """The examples as they stand in a docstring, each with its label as a comment."""
    return "".join(f"{indent}{line}\n" for test in tests for line in example_lines(test, indent))


def example_lines(test: Named, indent: str = "") -> list[str]:
    *before, last = (f">>> {line}" for line in test.case.lines)
    commented = f"{last}  # {test.label}" if test.label else last
    if test.label and len(indent) + len(commented) > LONGEST_LINE:
        before, commented = [f">>> # {test.label}", *before], last
    return [*before, commented, *test.case.want.splitlines()]


def _new_docstring(document: Document, site: FunctionSite, tests: Sequence[Named]) -> TextEdit:
    ending = document.ending_of(site.def_line)
    header_line = document.line_of(site.header_end)
    start = site.body_start if site.body_start is not None else site.body_end
    is_one_line = document.line_of(start) == header_line
    inner = site.indent + "    " if is_one_line else _lead(document, start)
    lines = _escaped(examples_text(tests, inner), raw=False)
    text = f'{inner}"""\n{lines}{inner}"""'.replace("\n", ending)
    if is_one_line:
        return TextEdit(start=site.header_end, end=start, new_text=f"{ending}{text}{ending}{inner}")
    at = document.line_end(header_line)
    return TextEdit(start=at, end=at, new_text=ending + text)


def _grown(document: Document, site: FunctionSite, tests: Sequence[Named]) -> TextEdit | None:
    start, end = site.docstring_start, site.docstring_end
    assert start is not None
    assert end is not None
    written = document.text[start:end]
    match = _LITERAL.match(written)
    if match is None or not written.endswith(match["quote"]) or _is_joined(written, match):
        return None
    ending, lead = document.ending_of(document.line_of(start)), _lead(document, start)
    raw = "r" in match["prefix"].lower()
    inside = written[match.end() : -len(match["quote"])]
    quote = match["quote"] if len(match["quote"]) == 3 else '"""'
    if not raw and quote != match["quote"]:
        inside = inside.replace('"""', r"\"\"\"")
    body, rest = _behind_last_example(inside)
    shown = _LAST_EXAMPLE.findall(body)
    added = _escaped(examples_text(tests, shown[-1] if shown else lead), raw=raw)
    added = added.replace("\n", ending)
    if rest:
        new = f"{match['prefix']}{quote}{body}{ending}{added}{rest}{quote}"
    else:
        head = "" if _ends_with_example(body) or not body.strip() else _heading(body, lead)
        gap = "\n" if _ends_with_example(body) or not body.strip() else "\n\n"
        between = f"{gap}{head}".replace("\n", ending)
        new = f"{match['prefix']}{quote}{body}{between}{added}{lead}{quote}"
    if document.line_of(start) == document.line_of(site.header_end):
        new = ending + lead + new
    return TextEdit(start=start, end=end, new_text=new)


def _behind_last_example(inside: str) -> tuple[str, str]:
    """The text up to the end of its last example, and what follows but white space."""
    lines = inside.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if line.lstrip().startswith(">>>")]
    if not starts:
        return inside.rstrip(), ""
    end = next((at for at in range(starts[-1], len(lines)) if not lines[at].strip()), len(lines))
    rest = "".join(lines[end:])
    return "".join(lines[:end]).rstrip(), rest if rest.strip() else ""


def _heading(body: str, lead: str) -> str:
    """The section that examples go into, as the docstring writes its sections; "" for none."""
    if re.search(r"^[ \t]*-{3,}[ \t]*$", body, re.MULTILINE):
        return f"{lead}Examples\n{lead}--------\n"
    google = re.search(
        r"^[ \t]*(?:Args|Arguments|Returns|Raises|Yields):[ \t]*$", body, re.MULTILINE
    )
    return f"{lead}Examples:\n" if google else ""


def _is_joined(written: str, match: re.Match[str]) -> bool:
    """Several string literals side by side."""
    quote, at = match["quote"], match.end()
    while at < len(written) - len(quote):
        if written[at] == "\\":
            at += 2
        elif written.startswith(quote, at):
            return True
        else:
            at += 1
    return False


def _ends_with_example(text: str) -> bool:
    """Whether the last paragraph is an example, so that more can follow without a gap."""
    return ">>>" in re.split(r"\n\s*\n", text.rstrip())[-1]


def _escaped(text: str, *, raw: bool) -> str:
    return text if raw else text.replace("\\", "\\\\")


def _lead(document: Document, offset: int) -> str:
    """The white space before a statement; four more than nothing where it shares its line."""
    start = document.line_starts[document.line_of(offset)]
    before = document.text[start:offset]
    blank = before[: len(before) - len(before.lstrip(" \t\f"))]
    return before if not before.strip() else blank + "    "
