"""An edit replaces one function and adds imports; every other byte stays."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.source.edit import (
    applied,
    edits,
    missing_imports,
    splice,
    unified_diff,
    with_imports,
)
from pipeline.source.locate import find_function, functions
from pipeline.syntax.text import Document, document_from_bytes

NEW = '''def f(x):
    """Doc."""
    if x:
        return [
            x,
        ]
    return 2
'''


def check(text: str, new: str = NEW, *imports: str, name: str = "f") -> str:
    document = Document(text=text, path="a.py")
    site = find_function(document, name)
    result = splice(document, site, new, imports)
    assert Document(text=result).tree.body
    return result


def test_only_the_body_changes_when_the_head_is_the_same() -> None:
    text = 'x = 1\n\n\ndef f(x):\n    """Doc."""\n    return 1  # no\n    # gone\n\n\ny = 2'
    document = Document(text=text)
    (edit,) = edits(document, find_function(document, "f"), NEW)
    assert text[edit.start : edit.end] == "    return 1  # no\n    # gone"
    assert check(text).endswith("    return 2\n\n\ny = 2")


def test_no_change_is_no_edit() -> None:
    text = "def f(x):\n    return 1\n"
    document = Document(text=text)
    assert edits(document, find_function(document, "f"), text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(x): ...", 'def f(x):\n    """Doc."""\n    if x:'),
        ("class A:\n\tdef f(x): ...", '\tdef f(x):\n\t\t"""Doc."""\n\t\tif x:\n\t\t\treturn ['),
        (
            "if 1:\n  def f(x):\n    pass",
            '  def f(x):\n    """Doc."""\n    if x:\n      return [\n',
        ),
        ("\f\ndef f(x):\r\n\tpass\r\n", 'def f(x):\r\n\t"""Doc."""\r\n\tif x:\r\n\t\treturn [\r\n'),
        ("y = 1\rdef f(x):\r pass\rz = 1", 'y = 1\rdef f(x):\r """Doc."""\r if x:\r  return ['),
    ],
)
def test_indentation_and_line_endings_are_the_files_own(text: str, expected: str) -> None:
    assert expected in check(text)


def test_strings_keep_their_content_in_a_method() -> None:
    text = "class A:\n\n    def f(x):\n        pass\n"
    new = "def f(x):\n    return '''a\nb\n    c'''\n"
    assert "        return '''a\nb\n    c'''" in check(text, new)


def test_an_oddly_indented_docstring_keeps_its_bytes() -> None:
    text = 'class A:\n    def f(x):\n        """Doc.\n\n  odd\n        """\n        pass\n'
    new = 'def f(x):\n    """Doc.\n\n  odd\n    """\n    return 1\n'
    assert check(text, new) == text.replace("pass", "return 1")


def test_everything_around_survives() -> None:
    text = (
        "\ufeff# coding: utf-8\r\n'''D \U0001f600'''\r\n\f\r\nimport os; x = '''a\r\nb'''\n"
        "@deco\n# c\r\nasync def g(y): return y\rclass A:\n\t@property\n\tdef f(x):  # why\n"
        "\t\t'''Doc\\d'''  # doc\n\t\tpass; # t\n\t# at the margin of the method\n\tz = 1 \n# end"
    )
    new = "@property\ndef f(x):  # why\n    '''Doc\\d'''  # doc\n    return x\n"
    # A comment at the method's own level is outside; the one behind the body is inside.
    assert check(text, new) == text.replace("pass; # t", "return x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\n\ndef f(x): ...\n", "import os\nimport re\n\ndef f"),
        ('"""D."""\ndef f(x): ...\n', '"""D."""\n\nimport re\ndef f'),
        ("from __future__ import annotations\ndef f(x): ...\n", "annotations\nimport re\ndef f"),
        ("#!/bin/x\n# coding: utf-8\ndef f(x): ...\n", "# coding: utf-8\nimport re\n\ndef f"),
        ("# License.\n\ndef f(x): ...\n", "# License.\n\nimport re\n\ndef f"),
        ("# about f\ndef f(x): ...\n", "import re\n\n# about f\ndef f"),
        ("\ufeffdef f(x): ...\r\n", "\ufeffimport re\r\n\r\ndef f"),
        ("import os; x = '''\n'''\ndef f(x): ...\n", "'''\n'''\nimport re\ndef f"),
        (
            "import os  # c\r\ndef f(x): ...\r\nimport sys\r\n",
            "import os  # c\r\nimport re\r\ndef f",
        ),
    ],
)
def test_imports_go_after_the_ones_that_are_there(text: str, expected: str) -> None:
    assert check(text, "def f(x):\n    return re\n", "import re").count(expected) == 1


def test_imports_that_are_there_are_not_added() -> None:
    tree = ast.parse("import os.path, re as r\nfrom typing import List\n")
    asked = [
        "import re",
        "import re as r",
        "import os.path",
        "from typing import List, Dict",
        "no(",
    ]
    assert missing_imports(tree, asked) == ("import re", "from typing import Dict")


def test_a_program_gets_its_imports_behind_future_ones() -> None:
    program = "from __future__ import annotations\ndef f(): ...\n"
    assert with_imports(program, ["import re"]).split("\n")[:2] == [
        "from __future__ import annotations",
        "import re",
    ]
    assert with_imports("def f(:", ["import re"]) == "def f(:"


def git(folder: Path, *args: str, stdin: bytes = b"") -> None:
    subprocess.run(["git", *args], cwd=folder, input=stdin, check=True, timeout=20)


def check_git_applies(at: Path, path: Path, said: str, text: str, encoding: str = "utf-8") -> None:
    """The diff of `said`, a name of the file at `path`, changes that file when applied in `at`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    new = check(text, NEW, "import re")
    git(at, "apply", stdin=unified_diff(text, new, said).encode(encoding))
    assert path.read_bytes() == new.encode(encoding)


@pytest.mark.parametrize("text", ["def f(x): ...", "x = 1\r\ndef f(x):\r\n  ...\r\ny = 1\r\n"])
def test_git_applies_the_diff(text: str, tmp_path: Path) -> None:
    check_git_applies(tmp_path, tmp_path / "a.py", "a.py", text)


NAMES = ["a.py", "src/pkg/a.py", "my file.py", "café/日本.py", 'odd "name"\\.py', "tab\there.py"]


@pytest.mark.parametrize("name", NAMES)
def test_a_diff_of_an_absolute_path_applies_at_the_root_of_its_repository(
    tmp_path: Path, name: str
) -> None:
    git(tmp_path, "init", "-q")
    path = tmp_path / name
    check_git_applies(tmp_path, path, str(path), "def f(x): ...\n")


def test_the_working_folder_counts_where_it_is_nearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    folder = tmp_path / "sub"
    (folder / "deep").mkdir(parents=True)
    monkeypatch.chdir(folder)
    check_git_applies(
        folder, folder / "deep" / "a.py", str(folder / "deep" / "a.py"), "def f(x): 1"
    )
    monkeypatch.chdir(folder / "deep")
    check_git_applies(tmp_path, folder / "b.py", "../b.py", "def f(x): 1")


def test_outside_of_any_repository_it_applies_in_the_files_own_folder(tmp_path: Path) -> None:
    check_git_applies(tmp_path, tmp_path / "a.py", str(tmp_path / "a.py"), "def f(x): ...\n")


def test_a_file_behind_a_link_is_named_by_where_it_lies(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    linked = tmp_path / "link" / "a.py"
    check_git_applies(tmp_path, tmp_path / "real" / "a.py", str(linked), "def f(x): ...\n")


def test_a_diff_is_written_in_the_encoding_of_its_file(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    path = tmp_path / "日本.py"
    text = "# coding: latin-1\nNAME = 'é'\ndef f(x): ...\n"
    check_git_applies(tmp_path, path, str(path), text, "latin-1")


def test_git_makes_a_new_file_of_a_diff_without_an_old_text(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    path = tmp_path / "tests" / "test_a.py"
    git(tmp_path, "apply", stdin=unified_diff(None, "x = 1\n\x0cy = 2", str(path)).encode())
    assert path.read_bytes() == b"x = 1\n\x0cy = 2"


def test_no_difference_is_an_empty_diff() -> None:
    assert unified_diff("x\n", "x\n", "a.py") == ""


FUNCTIONS = st.sampled_from(
    [
        "def f(x): ...",
        "def f(x): return x  # c",
        'def f(x):\n    """Doc \U0001f600."""',
        "@deco\n# c\nasync def f(x,\n  y=1):\n    pass\n    # tail",
        "def f(x):\n\treturn '''\n a\n'''; # t",
        "def f(x) -> 'é':\n  if x:\n    return 1\n  return 2",
    ]
)
AROUND = st.sampled_from(
    [
        "",
        "x = 1",
        "# c \U0001f600",
        "import os",
        "class A:\n    def m(self): pass",
        "def g():\n\n  return '''é\f'''",
        "\f",
        "if 1:\n\tpass\n\t# c",
        "s = 'a\\\nb'",
    ]
)
BODIES = st.sampled_from(
    ["def f(x):\n    return 1\n", NEW, "def f(x):\n    return '''a\nb'''\n", "def f(a, b): pass\n"]
)
NEWLINES = st.sampled_from(["\n", "\r\n", "\r"])


@settings(max_examples=300, deadline=None)
@given(st.lists(AROUND), FUNCTIONS, st.lists(AROUND), NEWLINES, BODIES, st.booleans(), st.data())
def test_outside_the_function_and_the_imports_nothing_changes(
    above: list[str],
    function: str,
    below: list[str],
    newline: str,
    new: str,
    has_bom: bool,
    data: st.DataObject,
) -> None:
    ending = data.draw(st.sampled_from(["", "\n", "\n\n  \n"]))
    joined = "\n".join([*above, function, *below]) + ending
    raw = (("\ufeff" if has_bom else "") + joined.replace("\n", newline)).encode()
    document = document_from_bytes(raw)
    site = find_function(document, "f")
    imports = data.draw(st.sampled_from([(), ("import re", "from os import path")]))
    changes = edits(document, site, new, imports)
    result = document_from_bytes(document.to_bytes(applied(document.text, changes)))
    _only_the_function_changed(document, result, site.start, site.end, bool(imports))
    assert ast.dump(_function(result)) == ast.dump(ast.parse(new).body[0])


def _only_the_function_changed(
    old: Document, new: Document, start: int, end: int, has_imports: bool
) -> None:
    after = find_function(new, "f")
    assert new.text[after.end :] == old.text[end:]
    before_old, before_new = old.text[:start], new.text[: after.start]
    if not has_imports:
        assert before_new == before_old
        return
    added = len(before_new) - len(before_old)
    assert any(before_new[:at] + before_new[at + added :] == before_old for at in range(start + 1))
    others = [ast.dump(s) for s in new.tree.body]
    assert all(ast.dump(s) in others for s in old.tree.body if getattr(s, "name", "") != "f")


def _function(document: Document) -> ast.AST:
    return next(s for s in document.tree.body if getattr(s, "name", "") == "f")


def test_every_function_of_an_ugly_file_can_be_replaced_by_itself() -> None:
    text = (
        "class A:\n    @x\n    def a(self): pass\n\n    def b(self):\n        '''D\n  odd'''\n"
        "        return '''x\ny'''\n\n\n\tz = 1\n"
    ).replace("\n\n\n\tz = 1", "")
    document = Document(text=text)
    for site in functions(document):
        new = text[site.start : site.end]
        lines = new.split("\n")
        dedented = "\n".join([lines[0], *(line.removeprefix("    ") for line in lines[1:])])
        assert splice(document, site, dedented) == text
