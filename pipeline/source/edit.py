"""Put a new function in the place of the old one; every other byte of the file stays."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.source.locate import FunctionSite, docstring_node
from pipeline.syntax.indentation import dedented, indented, with_unit
from pipeline.syntax.text import BOM, Document, parse


@dataclass(frozen=True, kw_only=True)
class TextEdit:
    """Replace `document.text[start:end]`; offsets of the text before any edit."""

    start: int
    end: int
    new_text: str


def splice(document: Document, site: FunctionSite, source: str, imports: Sequence[str] = ()) -> str:
    """The file's text with `source` (a dedented function) for the one at `site`,
    and missing imports added.

    `document.to_bytes` makes the file's bytes of it.
    """
    return applied(document.text, edits(document, site, source, imports))


def edits(
    document: Document, site: FunctionSite, source: str, imports: Sequence[str] = ()
) -> tuple[TextEdit, ...]:
    """The same as edits, in order and apart: whole lines of the function that differ,
    and the import lines.
    """
    found = [_import_edit(document, site, imports), _function_edit(document, site, source)]
    return tuple(edit for edit in found if edit is not None)


def applied(text: str, changes: Sequence[TextEdit]) -> str:
    # From the end; of two that begin at one place the earlier one stays in front.
    for change in reversed(sorted(changes, key=lambda edit: edit.start)):
        text = text[: change.start] + change.new_text + text[change.end :]
    return text


def unified_diff(old: str | None, new: str, path: str) -> str:
    """A diff that `patch` and `git apply` read once it is in the file's encoding.

    `old` is None for a new file; "" comes back when nothing differs.
    """
    name = _name_for_git(path or "file.py")
    before = _quoted(f"a/{name}") if old is not None else "/dev/null"
    after = _quoted(f"b/{name}")
    diff = difflib.unified_diff(_diff_lines(old or ""), _diff_lines(new), before, after)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff
    )


def _name_for_git(path: str) -> str:
    """`path` as `git apply` wants it: below the repository's root, or the working folder where
    that is nearer; without either the bare name, for the file's own folder.
    """
    if not Path(path).is_absolute() and ".." not in Path(path).parts:
        return Path(path).as_posix()
    file = Path(path).resolve()
    here = Path().resolve()
    for folder in file.parents:
        if folder == here or (folder / ".git").exists():
            return file.relative_to(folder).as_posix()
    return file.name


def _quoted(name: str) -> str:
    """A name as git writes it: what is not plain ASCII as bytes in octal, in quotes."""
    if re.fullmatch(r"[ !#-\[\]-~]+", name):
        return f"{name}\t" if " " in name else name
    text = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}"
        for byte in name.encode("utf-8", "surrogateescape")
    )
    return f'"{text}"'


def with_imports(program: str, imports: Sequence[str]) -> str:
    """A runnable module text with the import lines it lacks,
    after `from __future__` and what is there.
    """
    document = Document(text=program)
    if parse(program) is None:
        return program
    edit = _import_edit(document, None, imports)
    return applied(program, [edit] if edit else [])


def _diff_lines(text: str) -> list[str]:
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


# --- the function -----------------------------------------------------------------------------


def _function_edit(document: Document, site: FunctionSite, source: str) -> TextEdit | None:
    ending = document.ending_of(site.def_line)
    text = _in_style(document, site, source)
    head_end = _head_end(site)
    head = dedented(site.indent + _plain(document.text[site.start : head_end]), site.indent)
    start = site.start
    if text.startswith(head):
        # Decorators, signature and docstring are the file's own: not a byte of them is touched.
        start, text = head_end, _after_head(text, head, site.indent)
    else:
        text = indented(text, site.indent).removeprefix(site.indent)
    new = text.rstrip("\n").replace("\n", ending)
    return _trimmed(document.text, start, site.end, new)


def _after_head(text: str, head: str, indent: str) -> str:
    """What follows `head` in `text`, with `text` indented as a whole."""
    n_lines = head.count("\n")
    rest_of_line = text[len(head) :].partition("\n")[0]
    return "\n".join([rest_of_line, *indented(text, indent).split("\n")[n_lines + 1 :]])


def _head_end(site: FunctionSite) -> int:
    return site.docstring_end if site.docstring_end is not None else site.header_end


def _plain(text: str) -> str:
    return Document(text=text).plain


def _in_style(document: Document, site: FunctionSite, source: str) -> str:
    """`source` with the file's unit of indentation."""
    return with_unit(_plain(source).strip("\n"), _unit(document, site))


def _unit(document: Document, site: FunctionSite) -> str:
    """What this function's body is indented with, else what the file indents with,
    else four spaces.
    """
    for offset in (site.docstring_start, site.body_start):
        if offset is None:
            continue
        line = document.line_of(offset)
        lead = document.text[document.line_starts[line] : offset]
        if line > site.def_line and lead.startswith(site.indent) and not lead.strip():
            return lead[len(site.indent) :].rpartition("\f")[2] or "    "
    return _unit_of_file(document)


def _unit_of_file(document: Document) -> str:
    for node in ast.walk(document.tree):
        body = getattr(node, "body", None)
        if not isinstance(node, ast.stmt) or not isinstance(body, list) or node.col_offset:
            continue
        lead: str = document.plain_lines[body[0].lineno - 1][: body[0].col_offset]
        if body[0].lineno > node.lineno and lead and not lead.strip():
            return lead
    return "    "


def _trimmed(text: str, start: int, end: int, new: str) -> TextEdit | None:
    """Without the lines that are the same at the beginning and at the end."""
    old = text[start:end]
    if old == new:
        return None
    while (cut := _first_line(old)) and new.startswith(cut):
        old, new, start = old[len(cut) :], new[len(cut) :], start + len(cut)
    while (cut := _last_line(old)) and new.endswith(cut):
        old, new, end = old[: -len(cut)], new[: -len(cut)], end - len(cut)
    return TextEdit(start=start, end=end, new_text=new)


def _first_line(text: str) -> str:
    index = min((i for i in (text.find("\r"), text.find("\n")) if i >= 0), default=-1)
    if index < 0:
        return ""
    return text[: index + (2 if text[index : index + 2] == "\r\n" else 1)]


def _last_line(text: str) -> str:
    """The last line with the line ending before it."""
    index = max(text.rfind("\r"), text.rfind("\n"))
    if index < 0:
        return ""
    return text[index - (1 if text[index - 1 : index + 1] == "\r\n" else 0) :]


# --- the imports ------------------------------------------------------------------------------


def _import_edit(
    document: Document, site: FunctionSite | None, imports: Sequence[str]
) -> TextEdit | None:
    lines = missing_imports(document.tree, imports)
    if not lines:
        return None
    before = [s for s in document.tree.body if site is None or _offset(document, s) < site.start]
    anchor = _anchor(before)
    if anchor is None:
        return _import_at_top(document, lines)
    line = _last_shared_line(document, anchor)
    at, ending = document.line_end(line), document.ending_of(line)
    gap = "" if isinstance(anchor, (ast.Import, ast.ImportFrom)) else ending
    return TextEdit(start=at, end=at, new_text=gap + "".join(ending + text for text in lines))


def _last_shared_line(document: Document, anchor: ast.stmt) -> int:
    """The 0-based line where `anchor` and what follows it behind semicolons ends."""
    line = anchor.end_lineno or anchor.lineno
    for stmt in document.tree.body:
        if stmt.lineno == line and stmt.end_lineno:
            line = stmt.end_lineno
    return line - 1


def missing_imports(tree: ast.Module, imports: Sequence[str]) -> tuple[str, ...]:
    """One line for each name that `imports` bind and no import at the module's top level does the
    same way.
    """
    have = {key for stmt in tree.body for key, _ in _aliases(stmt)}
    found: dict[str, None] = {}
    for line in imports:
        stmts = parse(line)
        for stmt in stmts.body if stmts else ():
            found.update({text: None for key, text in _aliases(stmt) if key not in have})
    return tuple(found)


def _aliases(stmt: ast.stmt) -> Iterator[tuple[tuple[object, ...], str]]:
    """(identity, import line) for each name of an import statement."""
    if isinstance(stmt, ast.Import):
        for alias in stmt.names:
            yield (alias.name, alias.asname), ast.unparse(ast.Import(names=[alias]))
    elif isinstance(stmt, ast.ImportFrom) and stmt.module != "__future__":
        for alias in stmt.names:
            one = ast.ImportFrom(module=stmt.module, names=[alias], level=stmt.level)
            yield (stmt.module, stmt.level, alias.name, alias.asname), ast.unparse(one)


def _offset(document: Document, stmt: ast.stmt) -> int:
    return document.offset_of_node(stmt.lineno, stmt.col_offset)


def _anchor(stmts: Sequence[ast.stmt]) -> ast.stmt | None:
    """The last import on its own line, else the module's docstring."""
    imports = [s for s in stmts if isinstance(s, (ast.Import, ast.ImportFrom))]
    if imports:
        return imports[-1]
    is_docstring = bool(stmts) and docstring_node(ast.Module(body=list(stmts), type_ignores=[]))
    return stmts[0] if is_docstring else None


def _import_at_top(document: Document, lines: Sequence[str]) -> TextEdit:
    """After a shebang, a coding line and the comment block that a blank line ends."""
    row = 0
    rows = document.plain_lines
    while row < len(rows) and rows[row].startswith("#"):
        row += 1
    if row == len(rows) or rows[row].strip():
        row = sum(
            1 for text in rows[:2] if text.startswith("#!") or "coding" in text.partition("#")[2]
        )
    else:
        row += 1 if row else 0
    row = min(row, len(document.line_starts) - 1)
    at = document.line_starts[row]
    at += 1 if row == 0 and document.text.startswith(BOM) else 0
    ending = document.newline
    return TextEdit(start=at, end=at, new_text="".join(t + ending for t in lines) + ending)
