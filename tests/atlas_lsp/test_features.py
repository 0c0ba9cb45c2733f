"""What the server shows and answers, with a simulated editor and a solver that needs no model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from atlas_lsp.orders import SolveOrder
from pipeline.core.task import Question, Status
from pipeline.job import JobResult
from pipeline.models.api import ModelNotFound
from sandbox.api import Call
from tests.atlas_lsp.simulated import (
    EDITORS,
    STUB,
    URI,
    Editor,
    FakeSolver,
    Manners,
    in_virtual_time,
)

BROKEN = 'def half(n):\n    """Half of n.\n\n    >>> half(4)\n    2\n    """\n    return n\n'
SOLVE, APPLY = "refactor.rewrite.atlas.solve", "refactor.rewrite.atlas.apply"
Scene = Callable[[Editor], Awaitable[None]]


def check(
    tmp_path: Path,
    scene: Scene,
    text: str = STUB,
    *,
    manners: Manners = EDITORS["honest"],
    solver: FakeSolver | None = None,
    **options: Any,
) -> Editor:
    """Play the scene between start and a clean shutdown."""
    editor = Editor(text, manners, tmp_path, options=options, solver=solver)

    async def play() -> None:
        await editor.start()
        await scene(editor)
        await editor.stop()

    in_virtual_time(play)
    return editor


async def solve(editor: Editor, name: str = "twice") -> None:
    await editor.command("atlas.solve", URI, name)
    editor.solver.gate.set()
    await asyncio.sleep(2)


def titles(found: Any) -> list[str]:
    return [action["title"] for action in found]


# code actions


def test_an_automatic_request_without_our_diagnostic_gets_nothing(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        assert await editor.actions(0, triggerKind=2) == []
        assert titles(await editor.actions(0, triggerKind=1)) == ["Atlas: solve `twice`"]

    check(tmp_path, scene)


@pytest.mark.parametrize(
    ("only", "n"),
    [(["refactor"], 1), (["refactor.rewrite"], 1), ([SOLVE], 1), (["quickfix"], 0), ([""], 1)],
)
def test_kinds_are_hierarchical(tmp_path: Path, only: list[str], n: int):
    async def scene(editor: Editor) -> None:
        assert len(await editor.actions(0, only=only)) == n

    check(tmp_path, scene)


def test_outside_of_functions_and_in_broken_files_there_is_nothing(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        assert await editor.actions(0) == []
        editor.type(0, 0, "def f(:\n")
        assert await editor.actions(0) == []
        assert (await editor.ask("textDocument/codeLens", {"textDocument": {"uri": URI}}))[
            "result"
        ] == []

    check(tmp_path, scene, "import os\n", codeLens=True)


def test_an_unverified_solution_says_so_and_is_never_sent(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        await solve(editor)
        (action,) = await editor.actions(0, only=[APPLY])
        assert "UNVERIFIED" in action["title"]
        assert editor.apply(action["edit"])

    editor = check(tmp_path, scene, solver=FakeSolver(status=Status.UNVERIFIED), apply="auto")
    assert not [r for r in editor.requests if r["method"] == "workspace/applyEdit"]


def test_while_a_job_runs_it_can_be_stopped_from_the_actions(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        await editor.command("atlas.solve", URI, "twice")
        stop, cancel = await editor.actions(0)
        assert stop["command"]["command"] == "atlas.stop"
        assert cancel["command"]["command"] == "atlas.cancel"
        assert await editor.command("atlas.stop", *stop["command"]["arguments"]) == 1
        await asyncio.sleep(1)
        assert editor.solver.n_solved == 1
        assert await editor.command("atlas.jobs") == []

    check(tmp_path, scene)


# jobs


def test_jobs_queue_and_show_how_many_are_before_them(tmp_path: Path):
    text = "".join(STUB.replace("twice", f"twice{n}") for n in range(8))

    async def scene(editor: Editor) -> None:
        for n in range(8):
            await editor.command("atlas.solve", URI, f"twice{n}")
        await asyncio.sleep(1)
        does = [job["does"] for job in await editor.command("atlas.jobs")]
        assert does[1:] == [f"waiting, {n} before it" for n in range(1, 8)]
        editor.solver.gate.set()
        await asyncio.sleep(10)
        assert editor.solver.n_solved == 8
        assert editor.solver.most_running == 1

    editor = check(tmp_path, scene, text, apply="offer")
    assert len(editor.progress("begin")) == len(editor.progress("end")) == 8


def test_the_same_function_again_supersedes(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        first = await editor.command("atlas.solve", URI, "twice")
        await asyncio.sleep(1)
        second = await editor.command("atlas.solve", URI, "twice")
        await asyncio.sleep(1)
        (job,) = await editor.command("atlas.jobs")
        assert first["jobId"] != second["jobId"] == job["jobId"]
        await solve(editor)

    editor = check(tmp_path, scene)
    assert editor.solver.n_solved == 1


@pytest.mark.parametrize("stage", ["waiting", "running", "asking"])
@pytest.mark.parametrize("route", ["request", "progress", "command", "all", "shutdown"])
def test_each_route_cancels_at_each_stage(tmp_path: Path, route: str, stage: str):
    async def scene(editor: Editor) -> None:
        editor.picks = set()
        if stage == "waiting":
            await editor.command("atlas.solve", URI, "thrice")
        answer = await editor.command("atlas.solve", URI, "twice")
        request = editor._n
        await asyncio.sleep(1)
        if stage == "asking":
            editor.solver.gate.set()
            await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        await cancel(editor, route, request, answer["jobId"])
        await asyncio.sleep(0.2)
        waits = [job.key[1] for job in editor.server.jobs.all]
        assert "twice" not in waits
        assert asyncio.get_running_loop().time() - began < 1

    editor = check(tmp_path, scene, STUB + STUB.replace("twice", "thrice"))
    assert editor.solver.n_running == 0
    assert sorted(p["token"] for p in editor.progress("end")) == sorted(
        p["token"] for p in editor.progress("begin")
    )
    assert len(editor.replies) == editor._n


async def cancel(editor: Editor, route: str, request: int, job_id: str) -> None:
    if route == "request":
        editor.notify("$/cancelRequest", {"id": request})
    elif route == "progress":
        token = editor.progress("begin")[-1]["token"]
        editor.notify("window/workDoneProgress/cancel", {"token": token})
    elif route == "command":
        await editor.command("atlas.cancel", job_id)
    elif route == "all":
        await editor.command("atlas.cancel")
    else:
        await editor.server.close()


def test_broken_machinery_is_told_in_one_line_and_the_next_job_runs(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        editor.solver.error = ModelNotFound("no GGUF file at x;\n `atlas model list`")
        await solve(editor)
        assert "atlas: no GGUF file at x; `atlas model list`" in editor.messages
        editor.solver.error = None
        await solve(editor)
        assert editor.solver.n_solved == 1

    check(tmp_path, scene)


def test_a_function_that_is_not_there_is_told(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        await solve(editor, "twicee")
        assert any("twicee" in message for message in editor.messages)

    check(tmp_path, scene)


def test_an_untrusted_workspace_runs_nothing(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        assert await editor.command("atlas.solve", URI, "twice") == {"error": "untrusted"}
        assert await editor.command("atlas.check", URI) is False
        save(editor)
        await asyncio.sleep(1)
        assert await editor.actions(0) == []

    editor = check(tmp_path, scene, trusted=False)
    assert not editor.solver.began.is_set()
    assert editor.solver.n_checked == 0


# diagnostics, lenses, hover


def save(editor: Editor) -> None:
    editor.notify("textDocument/didSave", {"textDocument": {"uri": URI}})


def test_a_failing_example_is_shown_at_its_line_with_a_quick_fix(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        save(editor)
        await asyncio.sleep(1)
        (found,) = editor.diagnostics
        assert found["range"]["start"] == {"line": 3, "character": 4}
        assert "expected 4 (2 of 3 examples fail)" in found["message"]
        context = {"diagnostics": [found], "triggerKind": 2}
        (fix,) = await editor.actions(editor.text.find(">>>"), **context)
        assert fix["kind"] == "quickfix.atlas.repair"
        assert fix["command"]["arguments"] == [URI, "half"]

    check(tmp_path, scene, BROKEN, solver=FakeSolver(failing={"half": 4}))


def test_diagnostics_move_with_their_function_and_go_when_it_changes(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        save(editor)
        await asyncio.sleep(1)
        editor.type(0, 0, "import os\n\n\n")
        await asyncio.sleep(1)
        assert editor.diagnostics[0]["range"]["start"]["line"] == 6
        place = editor.text.find("return n")
        editor.type(place, place + len("return n"), "return n // 2")
        await asyncio.sleep(1)
        assert editor.diagnostics == []

    check(tmp_path, scene, BROKEN, solver=FakeSolver(failing={"half": 4}))


@pytest.mark.parametrize("when", ["request", "off"])
def test_saving_runs_nothing_where_that_is_not_wanted(tmp_path: Path, when: str):
    async def scene(editor: Editor) -> None:
        save(editor)
        await asyncio.sleep(1)
        assert editor.solver.n_checked == 0
        assert await editor.command("atlas.check", URI) is (when == "request")
        await asyncio.sleep(1)
        assert editor.solver.n_checked == (when == "request")

    check(tmp_path, scene, BROKEN, diagnostics=when)


def test_closing_a_file_takes_its_diagnostics_away(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        save(editor)
        await asyncio.sleep(1)
        assert editor.diagnostics
        editor.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        await asyncio.sleep(0.1)
        assert editor.diagnostics == []

    check(tmp_path, scene, BROKEN, solver=FakeSolver(failing={"half": 4}))


def test_lenses_offer_what_fits(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        save(editor)
        await asyncio.sleep(1)
        await solve(editor)
        params = {"textDocument": {"uri": URI}}
        found = (await editor.ask("textDocument/codeLens", params))["result"]
        assert [one["command"]["title"] for one in found] == [
            "Repair (2 of 3 examples fail)",
            "Tests",
            "Solve",
            "Evidence",
        ]

    solver = FakeSolver(failing={"half": 4})
    check(tmp_path, scene, f"{BROKEN}\n\n{STUB}", solver=solver, codeLens=True, apply="offer")


async def hover(editor: Editor, offset: int) -> Any:
    params = {"textDocument": {"uri": URI}, "position": editor.position(offset)}
    return (await editor.ask("textDocument/hover", params))["result"]


def test_the_hover_is_the_evidence_and_null_where_there_is_none(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        assert await hover(editor, 5) is None
        await solve(editor)
        found = await hover(editor, 5)
        assert "twice: verified, 2/2 examples, 4 s" in found["contents"]["value"]
        assert found["contents"]["kind"] == "plaintext"
        assert "**" not in found["contents"]["value"]
        assert await hover(editor, len(editor.text)) is None

    check(tmp_path, scene)


def test_evidence_is_kept_as_documents_and_can_be_replayed(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        await solve(editor)
        evidence = await editor.command("atlas.evidence", URI, "twice")
        folder = Path(evidence["path"])
        kept = json.loads((folder / "evidence.json").read_text(encoding="utf-8"))
        assert kept["request"]["function"] == "twice"
        assert "```diff" in (folder / "evidence.md").read_text(encoding="utf-8")
        assert (folder / "change.diff").read_text(encoding="utf-8").startswith("--- ")
        assert await editor.command("atlas.history", URI) == [evidence["id"]]
        await editor.command("atlas.replay", URI, evidence["id"])
        await asyncio.sleep(2)
        assert any("the same code" in message for message in editor.messages)
        editor.solver.body = "    return n + n\n"
        await editor.command("atlas.replay", URI, "")
        await asyncio.sleep(2)
        assert any("not the same: code" in message for message in editor.messages)
        assert await editor.command("atlas.prune", URI, 0) == 1

    check(tmp_path, scene, apply="offer")


def test_a_cache_that_cannot_be_written_loses_no_result(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")

    async def scene(editor: Editor) -> None:
        await solve(editor)
        assert editor.n_applied == 1
        assert any("cannot be kept" in message for message in editor.messages)

    check(blocked, scene)


# settings


def test_unknown_and_wrong_settings_are_told_once(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        editor.notify("workspace/didChangeConfiguration", {"settings": None})
        await asyncio.sleep(1)

    editor = check(tmp_path, scene, colour="red", k=0)
    told = " ".join(editor.messages)
    assert told.count("unknown setting 'colour'") == 1
    assert told.count("k is 0, not an integer from 1 to 64") == 1


class Recording(FakeSolver):
    order: SolveOrder

    def finished(self, order: SolveOrder) -> JobResult:
        self.order = order
        return super().finished(order)


def test_a_project_sets_what_it_may_and_is_told_what_it_may_not(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[tool.atlas]\nk = 5\nmodel = "evil.gguf"\n')
    solver = Recording()

    async def scene(editor: Editor) -> None:
        await asyncio.sleep(1)
        editor.server.set_folder(tmp_path.as_uri(), {"seed": 7})
        editor.server.workspace.add_folder(_folder(tmp_path))
        uri = f"{tmp_path.as_uri()}/a.py"
        item = {"uri": uri, "languageId": "python", "version": 1, "text": STUB}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        await editor.command("atlas.solve", uri, "twice")
        solver.gate.set()
        await asyncio.sleep(2)

    editor = check(tmp_path / "cache", scene, solver=solver, apply="offer", k=2)
    settings = solver.order.settings
    assert (settings.k, settings.seed, settings.model) == (5, 7, "nano")
    assert any("model cannot be set by a project" in message for message in editor.messages)


def _folder(path: Path) -> Any:
    from lsprotocol import types

    return types.WorkspaceFolder(uri=path.as_uri(), name="p")


# questions


QUESTION = Question(
    call=Call(entry="twice", args=(0,)), source="twice(0)", outputs=("0", "1"), sides=((0,), (1,))
)
ANSWERS = ("return n * 2", "return n * 2 or 1")


@dataclass
class Asking(FakeSolver):
    """Two survivors differ; each answer is an edit of its own."""

    def finished(self, order: SolveOrder) -> JobResult:
        plain = super().finished(order)
        answers = []
        for output, body in zip(QUESTION.outputs, ANSWERS, strict=True):
            self.body = f"    {body}\n"
            answers.append((output, super().finished(order)))
        solution = replace(plain.solution, question=QUESTION)
        return replace(plain, solution=solution, answers=tuple(answers))


def asked(editor: Editor) -> list[str]:
    found = [one for one in editor.requests if one["method"] == "window/showMessageRequest"]
    return [one["params"]["message"] for one in found]


@pytest.mark.parametrize(("pick", "body"), [("0", ANSWERS[0]), ("1", ANSWERS[1])])
def test_an_answer_decides_which_edit_is_applied(tmp_path: Path, pick: str, body: str):
    async def scene(editor: Editor) -> None:
        editor.picks, editor.bodies = {pick, "Apply"}, ANSWERS
        await solve(editor)
        assert "twice(0), 0 or 1?" in asked(editor)[0]
        assert len(asked(editor)) == 2
        assert editor.n_applied == 1
        assert editor.text == STUB + f"    {body}\n"
        await editor.command("atlas.replay", URI, "")
        await asyncio.sleep(2)
        assert "the same code, the same status, the same tests" in editor.messages[-1]

    check(tmp_path, scene, solver=Asking())


@pytest.mark.parametrize("apply", ["ask", "auto", "offer"])
def test_no_answer_applies_nothing_and_leaves_both_in_the_code_actions(tmp_path: Path, apply: str):
    async def scene(editor: Editor) -> None:
        editor.picks = set()
        await solve(editor)
        assert len(asked(editor)) == (apply != "offer")
        assert editor.text == STUB
        found = titles(await editor.actions(0, only=[APPLY]))
        assert [title for title in found if "where" in title] == [
            "Atlas: apply, where `twice(0)` is 0 (2/2 examples)",
            "Atlas: apply, where `twice(0)` is 1 (2/2 examples)",
        ]

    check(tmp_path, scene, solver=Asking(), apply=apply)


def test_who_cannot_be_asked_chooses_among_the_code_actions(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        editor.bodies = ANSWERS
        await solve(editor)
        assert not asked(editor)
        assert editor.text == STUB
        found = await editor.actions(0, only=[APPLY])
        (second,) = [one for one in found if "is 1 (" in one["title"]]
        assert editor.apply(second["edit"])
        assert editor.text == STUB + f"    {ANSWERS[1]}\n"

    check(tmp_path, scene, solver=Asking(), manners=EDITORS["blind"], apply="auto")


def test_neither_answer_is_no_longer_called_verified(tmp_path: Path):
    async def scene(editor: Editor) -> None:
        editor.picks = {"Neither"}
        await solve(editor)
        assert editor.text == STUB
        found = titles(await editor.actions(0, only=[APPLY]))
        assert [title for title in found if "apply" in title] == [
            "Atlas: apply UNVERIFIED solution of `twice` (2/2 examples)"
        ]
        kept = max((tmp_path / "history").glob("*/*/evidence.json"))
        assert "neither" in json.loads(kept.read_text())["evidence"][0]

    check(tmp_path, scene, solver=Asking())
