"""Which function is meant: namesakes, selections, cells, renamed files, examples of a class."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from atlas_lsp.documents import without_magics
from atlas_lsp.orders import SolveOrder
from pipeline.job import JobResult
from pipeline.source.edit import splice
from pipeline.source.from_file import statement_of
from pipeline.source.locate import find_function
from tests.atlas_lsp.simulated import STUB, URI, Editor, FakeSolver
from tests.atlas_lsp.test_features import APPLY, check, solve, titles

TAGS = '''\
from functools import singledispatch


@singledispatch
def tag(value):
    return "?"


@tag.register
def _(value: int):
    """For numbers.

    >>> tag(3)
    "#3"
    """


@tag.register
def _(value: list):
    return f"{len(value)} item(s)"
'''
SELECTED = '''\
# about it
# more
@staticmethod
def twice(n):
    """Twice.

    >>> twice(2)
    4
    """
    pass


def other(x):
    return x
'''
NESTED = "class C:\n    def a(self):\n        def b():\n            pass\n        return b\n"


def test_the_edit_goes_into_the_namesake_under_the_cursor(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        line = TAGS[: TAGS.index("def _(value: int)")].count("\n")
        name = await editor.command("atlas.functionAt", URI, line, 4)
        await solve(editor, name)
        (edit,) = [
            one["edit"]
            for one in await editor.actions(TAGS.index("def _(value: int)"), only=[APPLY])
        ]
        (change,) = edit["documentChanges"]
        assert {one["range"]["start"]["line"] for one in change["edits"]} == {line + 5}

    check(tmp_path, scene, text=TAGS, solver=Named(), apply="offer")


class Named(FakeSolver):
    """Solves the function of a label, which may be one of several namesakes."""

    def finished(self, order: SolveOrder) -> JobResult:
        first = super().finished(replace(order, name="tag"))
        site = find_function(order.document, order.name)
        code = statement_of(order.document, site) + "    return '#3'\n"
        chosen = first.solution.chosen
        assert chosen is not None
        judged = replace(chosen, candidate=replace(chosen.candidate, code=code))
        solution = replace(first.solution, chosen=judged)
        new = splice(order.document, site, code)
        return replace(first, site=site, solution=solution, new_text=new)


@pytest.mark.parametrize(
    ("text", "lines", "wanted"),
    [
        (SELECTED, (0, 9), {"twice"}),
        (SELECTED, (11, 13), {"other"}),
        (SELECTED, (3, 13), {"twice", "other"}),
        (SELECTED, (0, 0), set()),
        (NESTED, (3, 3), {"C.a.b"}),
        (NESTED, (1, 1), {"C.a"}),
    ],
)
def test_a_selection_means_the_functions_that_it_touches(
    tmp_path: Path, text: str, lines: tuple[int, int], wanted: set[str]
):
    found: list[Any] = []

    async def scene(editor: Editor) -> None:
        start, end = lines
        params = {
            "textDocument": {"uri": URI},
            "range": {
                "start": {"line": start, "character": 0},
                "end": {"line": end, "character": 4},
            },
            "context": {"diagnostics": [], "triggerKind": 1},
        }
        found.extend((await editor.ask("textDocument/codeAction", params))["result"])

    check(tmp_path, scene, text=text)
    solves = [one for one in found if "solve" in one["title"]]
    assert {one["command"]["arguments"][1] for one in solves} == wanted


@pytest.mark.parametrize("when", ["during the job", "after the job"])
def test_a_result_follows_its_file_to_a_new_name(tmp_path: Path, when: str):
    new = "file:///project/new.py"

    def rename(editor: Editor) -> None:
        editor.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        item = {"uri": new, "languageId": "python", "version": 1, "text": STUB}
        editor.notify("textDocument/didOpen", {"textDocument": item})

    async def scene(editor: Editor) -> None:
        await editor.command("atlas.solve", URI, "twice")
        await editor.solver.began.wait()
        if when == "during the job":
            rename(editor)
        editor.solver.gate.set()
        await asyncio.sleep(2)
        if when == "after the job":
            rename(editor)
        (result,) = await editor.command("atlas.results")
        assert (result["uri"], result["name"]) == (new, "twice")
        assert "text" in await editor.command("atlas.proposal", new, "twice")

    check(tmp_path, scene, apply="offer")


def test_a_file_that_was_closed_is_told_with_the_place_of_the_diff(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        await editor.command("atlas.solve", URI, "twice")
        await editor.solver.began.wait()
        editor.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        editor.solver.gate.set()
        await asyncio.sleep(2)

    told = check(tmp_path, scene).messages[-1]
    assert "its file was closed; its diff is kept as " in told
    assert Path(told.partition("kept as ")[2]).read_text().startswith("--- ")


CELL = "vscode-notebook-cell:/tmp/nb.ipynb#W1"
MAGICS = "%matplotlib inline\n!pip list\n"


def test_magics_of_a_cell_do_not_hide_its_functions(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        item = {"uri": CELL, "languageId": "python", "version": 1, "text": MAGICS + STUB}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        assert await editor.command("atlas.functionAt", CELL, 3, 0) == "twice"
        here = {"line": 0, "character": 0}
        typed = {"range": {"start": here, "end": here}, "text": "%time\n"}
        params = {"textDocument": {"uri": CELL, "version": 2}, "contentChanges": [typed]}
        editor.notify("textDocument/didChange", params)
        assert await editor.command("atlas.functionAt", CELL, 4, 0) == "twice"
        assert editor.server.buffer(CELL).source == "%time\n" + MAGICS + STUB

    check(tmp_path, scene)


@pytest.mark.parametrize(
    "text", ["%a b\n!c\nx = 1\n", "    !ls\n", "x = 1 %\\\n2\n", "'''\n%s\n'''\n"]
)
def test_magics_keep_their_length_and_strings_their_text(text: str):
    shown = without_magics(text)
    assert len(shown) == len(text)
    assert "%s" not in text or shown == text


ACC = '''\
class Acc:
    """Sums.

    >>> a = Acc()
    >>> a.add(2)
    2
    """

    def __init__(self):
        self.n = 0

    def add(self, k):
        self.n -= k
        return self.n
'''


def test_an_example_of_a_class_is_shown_once_where_it_stands(tmp_path: Path):
    solver = FakeSolver(failing={"Acc.__init__": 5, "Acc.add": 5})

    async def scene(editor: Editor) -> None:
        await editor.command("atlas.check", URI)
        await asyncio.sleep(1)
        (one,) = editor.diagnostics
        assert one["range"]["start"]["line"] == 4
        assert one["data"]["function"] == "Acc.add"
        found = await editor.actions(ACC.index("def add"), triggerKind=1)
        assert "Atlas: repair `Acc.add`" in titles(found)

    check(tmp_path, scene, text=ACC, solver=solver)
