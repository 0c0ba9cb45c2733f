"""Tests as pytest functions (or unittest methods), in the file where the project keeps them."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.inputs.target import Target
from pipeline.source.edit import missing_imports, with_imports
from pipeline.syntax.literals import literal
from pipeline.syntax.text import Document
from pipeline.testgen.cases import Case
from pipeline.testgen.doctest_text import Named
from pipeline.testgen.layout import assignment
from pipeline.testgen.spelling import Namespace, elsewhere
from pipeline.testgen.test_place import TestFile
from sandbox.api import Expression, Raises, Returns, Test

LONGEST_LINE = 88
LONGEST_CALL = 64
"""Characters that leave room for `assert` and a short result."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_PATTERN = re.compile(r"(?=.*[a-z]{2} [a-z])[\w ,;:'<>=/%&-]{3,60}")
"""A message of several words that is a regular expression for itself."""


def with_pytests(file: TestFile, target: Target, tests: Sequence[Named], words: Namespace) -> str:
    """The test file's text with the tests at its end, in the style of those that are there; each of
    them can be one.

    Raises SourceSyntaxError when the file does not parse.
    """
    document = file.document or Document(text="", path=file.path.as_posix())
    tree = document.tree
    spelled = [one for test in tests if (one := _spelled(test.case, words)) is not None]
    tests = [replace(test, case=case) for test, (case, _) in zip(tests, spelled, strict=True)]
    top = target.name.partition(".")[0]
    prefix, imports = _reached(tree, file.module, top)
    taken = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    is_unittest = _is_unittest(tree)
    functions = [
        _function(target, test, name, prefix, is_unittest)
        for test, name in zip(tests, _names(target, tests, taken), strict=True)
    ]
    if is_unittest:
        body = _in_class(f"{_camel(target.name)}Generated", functions)
        imports = [*imports, "import unittest"]
        if any(test.case.is_printed for test in tests):
            imports = [*imports, "import contextlib", "import io"]
    else:
        body = "\n\n".join(functions)
        if any(test.case.raised for test in tests):
            imports = [*imports, "import pytest"]
    if any(line == "import asyncio" for test in tests for line in test.case.lines):
        imports = [*imports, "import asyncio"]
    imports = list(dict.fromkeys([*imports, *(line for _, lines in spelled for line in lines)]))
    text = _with_imports(document, imports) if document.plain.strip() else _head(imports)
    at_end, script = _before_main(text)
    body = _quoted(body, _quote(text))
    whole = f"{at_end.rstrip()}\n\n\n{body.rstrip()}\n" + (f"\n\n{script}" if script else "")
    return whole.replace("\n", document.newline)


def _with_imports(document: Document, imports: Sequence[str]) -> str:
    """`import x` lines above the first import, the others below the last."""
    missing = missing_imports(document.tree, imports)
    above = sorted(line for line in missing if line.startswith("import "))
    text = document.plain
    for line in missing:
        text = text if line in above else _with_name(text, line)
    first = re.search(r"^(?:import|from (?!__future__))\b", text, re.MULTILINE)
    if first is None or not above:
        return with_imports(text, above)
    return text[: first.start()] + "\n".join(above) + "\n" + text[first.start() :]


def _with_name(text: str, line: str) -> str:
    """`from pkg.mod import f`: in the line that imports from `pkg.mod`, else on one of its own."""
    head, _, name = line.partition(" import ")
    found = re.search(rf"^{re.escape(head)} import ([\w, ]+)$", text, re.MULTILINE)
    if found is None:
        return with_imports(text, [line])
    names = sorted({name, *(one.strip() for one in found[1].split(","))})
    new = f"{head} import {', '.join(names)}"
    if " as " in found[1] or len(new) > LONGEST_LINE:
        return with_imports(text, [line])
    return text[: found.start()] + new + text[found.end() :]


def _quote(text: str) -> str:
    """The quote that the file's own strings begin with; the double one where that is open."""
    return "'" if text.count("'") > text.count('"') else '"'


def _quoted(code: str, quote: str) -> str:
    """Plain strings with the file's quotes, where nothing has to be escaped for it."""
    if quote == "'":
        return code
    lines = code.split("\n")
    found = [
        token
        for token in tokenize.generate_tokens(io.StringIO(code).readline)
        if token.type == tokenize.STRING and token.string.startswith("'")
    ]
    for token in reversed(found):
        row, start, end = token.start[0] - 1, token.start[1], token.end[1]
        if token.end[0] == row + 1 and '"' not in token.string and "\\'" not in token.string:
            line = lines[row]
            lines[row] = f'{line[:start]}"{token.string[1:-1]}"{line[end:]}'
    return "\n".join(lines)


def _head(imports: Sequence[str]) -> str:
    """Import lines of a new file, those of other people before those of the project."""
    other = sorted(line for line in imports if line.startswith("import "))
    own = [line for line in imports if line not in other]
    return "\n".join([*other, *([""] if other and own else []), *own]) + "\n"


def _before_main(text: str) -> tuple[str, str]:
    """The text up to a closing `if __name__ == "__main__":`, and that."""
    match = re.search(r"^if __name__ ==.*\Z", text, re.MULTILINE | re.DOTALL)
    if match is None:
        return text, ""
    return text[: match.start()], text[match.start() :]


def _reached(tree: ast.Module, module: str, name: str) -> tuple[str, list[str]]:
    """(what stands before the name in a test, imports that are missing)."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == module and not node.level:
            for alias in node.names:
                if alias.name == name and alias.asname in (None, name):
                    return "", []
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == module:
                    return f"{alias.asname or module}.", []
        if isinstance(node, ast.ImportFrom) and node.module == module.rpartition(".")[0]:
            for alias in node.names:
                if alias.name == module.rpartition(".")[2]:
                    return f"{alias.asname or alias.name}.", []
    return "", [f"from {module} import {name}"]


def _is_unittest(tree: ast.Module) -> bool:
    """Whether all tests of the file stand in TestCase classes."""
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef)]
    has_functions = any(
        isinstance(n, ast.FunctionDef) and n.name.startswith("test") for n in tree.body
    )
    bases = {ast.unparse(base).rpartition(".")[2] for n in classes for base in n.bases}
    return "TestCase" in bases and not has_functions


def _names(target: Target, tests: Sequence[Named], taken: set[str]) -> Iterator[str]:
    used = set(taken)
    for test in tests:
        words = "_".join(re.findall(r"[A-Za-z0-9]+", _HUMP.sub(" ", test.label))[:8]).lower()
        stem = re.sub(r"\W", "_", target.name.lower()).strip("_")
        name = base = f"test_{stem}_{words}"
        n = 2
        while name in used:
            name, n = f"{base}_{n}", n + 1
        used.add(name)
        yield name


def _camel(name: str) -> str:
    return "Test" + "".join(part.capitalize() for part in re.split(r"[\W_]+", name) if part)


def _in_class(name: str, functions: Sequence[str]) -> str:
    inside = "\n".join(functions)
    lines = [f"    {line}" if line else "" for line in inside.split("\n")]
    return f"class {name}(unittest.TestCase):\n" + "\n".join(lines)


def _function(target: Target, test: Named, name: str, prefix: str, is_unittest: bool) -> str:
    case = test.case
    argument = "self" if is_unittest else "capsys" if case.is_printed else ""
    body = _unittest_body(case, prefix, target) if is_unittest else _body(case, prefix, target)
    lines = "\n".join(f"    {line}" for line in body)
    return f"def {name}({argument}):\n{lines}\n"


def _prefixed(line: str, prefix: str, target: Target) -> str:
    top = target.name.partition(".")[0]
    return re.sub(rf"(?<![\w.'\"])(?={re.escape(top)}[(.])", prefix, line)


def _steps(case: Case, prefix: str, target: Target) -> tuple[list[str], str]:
    *before, last = (line for line in case.lines if line != "import asyncio")
    lines = [_prefixed(line, prefix, target) for line in before]
    last = _prefixed(last, prefix, target)
    if len(last) <= LONGEST_CALL:
        return lines, last
    # A name for the longest argument, that of its parameter.
    texts = {p.name: repr(v) for p, v in zip(target.given, case.call.args, strict=False)}
    name, text = max(texts.items(), key=lambda item: len(item[1]), default=("", ""))
    if len(text) < 20 or last.count(text) != 1:
        return lines, last
    return [*lines, *assignment(name, text)], last.replace(text, name)


def _body(case: Case, prefix: str, target: Target) -> list[str]:
    before, last = _steps(case, prefix, target)
    if case.raised:
        match = f", match={case.message!r}" if has_match(case) else ""
        return [*before, f"with pytest.raises({case.raised}{match}):", f"    {last}"]
    if case.is_printed:
        return [*before, last, f"assert capsys.readouterr().out == {case.got!r}"]
    return [*before, *_equals(last, case.got.strip())]


def _equals(source: str, value: str) -> list[str]:
    if value == "True" and " == " in source:
        return [f"assert {source}"]
    if value in ("True", "False", "None"):
        return [f"assert {source} is {value}"]
    line = f"assert {source} == {value}"
    if len(line) + 4 <= LONGEST_LINE:
        return [line]
    return [*assignment("expected", value), f"assert {source} == expected"]


def _unittest_body(case: Case, prefix: str, target: Target) -> list[str]:
    before, last = _steps(case, prefix, target)
    if case.raised:
        check = f"Regex({case.raised}, {case.message!r})" if has_match(case) else f"({case.raised})"
        return [*before, f"with self.assertRaises{check}:", f"    {last}"]
    if case.is_printed:
        screen = "with contextlib.redirect_stdout(io.StringIO()) as screen:"
        seen = f"self.assertEqual(screen.getvalue(), {case.got!r})"
        return [*before, screen, f"    {last}", seen]
    value = case.got.strip()
    check = "assertIs" if value in ("True", "False", "None") else "assertEqual"
    line = f"self.{check}({last}, {value})"
    if len(line) + 8 <= LONGEST_LINE:
        return [*before, line]
    return [*before, *assignment("expected", value), f"self.{check}({last}, expected)"]


def has_match(case: Case) -> bool:
    """Whether the test asks for the exception's message too."""
    return bool(_NO_PATTERN.fullmatch(case.message))


def seen_by_pytest(case: Case, words: Namespace) -> Test:
    """What a pytest test of the case compares: values by `==`, a message only where it is asked
    for.
    """
    if case.is_printed or (case.raised and has_match(case)):
        return case.test
    wanted = literal(case.got.strip())
    *before, last = case.lines
    if case.raised:
        expect: Raises | Returns = Raises(type=case.raised)
    elif wanted:
        expect = Returns(value=wanted.value)
    else:
        expect = Returns(value=True)
        last = f"({last}) == {elsewhere(case.got.strip(), words.own)}"
    form = Expression(source="\n".join([*before, last]))
    return Test(test_id=case.lines[-1], form=form, expect=expect)


def can_be_pytest(case: Case, words: Namespace) -> bool:
    """Values that `==` may compare, printed lines, exceptions that a test file can name."""
    return _spelled(case, words) is not None


def is_plain(case: Case) -> bool:
    """Whether `==` compares its value for sure: a literal, a text, an exception."""
    return bool(case.raised) or case.is_printed or literal(case.got.strip()) is not None


def _spelled(case: Case, words: Namespace) -> tuple[Case, tuple[str, ...]] | None:
    """The case with its value or exception as the test file names it, and the import lines for
    that; None where it can be no test.
    """
    if case.raised:
        spelled = words.exception(case.raised)
        return (replace(case, raised=spelled.text), spelled.lines) if spelled else None
    if is_plain(case):
        return case, ()
    spelled = words.value(case.got.strip())
    return (replace(case, got=f"{spelled.text}\n"), spelled.lines) if spelled else None
