"""The real server over stdio, with the real model and the real sandbox."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.hopeless import HOPELESS

# The fixtures run on the session's loop; a test on another one would wait for them for ever.
pytestmark = pytest.mark.asyncio(loop_scope="session")
URI = "file:///project/ünï.py"
SOURCE = '''\
"""A module 🚀 with astral characters before and after."""


def is_even(n):
    """Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    """


def other():
    return "🚀 untouched"
'''


FIRST = "whatever comes first"
MIDDLE = '''\
def middle(low, high):
    """A number in the middle.

    >>> middle(2, 4)
    3
    """
    return low + high - 2


NAME = "🚀 untouched"
'''


class Editor:
    """What a client keeps: one buffer, its version, and what the server asked for."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.text = SOURCE
        self.version = 1
        self.applied: list[types.ApplyWorkspaceEditParams] = []
        self.asked = asyncio.Event()
        self.questions: list[str] = []
        self.answer = "Apply"
        self.typing_before_apply = ""

    def open(self, text: str = SOURCE) -> None:
        self.text = text
        item = types.TextDocumentItem(uri=URI, language_id="python", version=1, text=text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def type(self, text: str) -> None:
        self.text, self.version = text, self.version + 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(uri=URI, version=self.version),
                content_changes=[types.TextDocumentContentChangeWholeDocument(text=text)],
            )
        )

    def apply(self, edit: types.WorkspaceEdit) -> None:
        """Do what an honest editor does: all edits against the text as it was."""
        assert edit.document_changes
        (change,) = edit.document_changes
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == self.version
        offsets = [(self.offset(e.range.start), self.offset(e.range.end), e) for e in change.edits]
        text = self.text
        for start, end, one in sorted(offsets, key=lambda o: -o[0]):
            assert isinstance(one, types.TextEdit)
            text = text[:start] + one.new_text + text[end:]
        self.type(text)

    def offset(self, position: types.Position) -> int:
        """Of a utf-16 position."""
        lines = self.text.split("\n")
        before = sum(len(line) + 1 for line in lines[: position.line])
        units = lines[position.line].encode("utf-16-le")[: 2 * position.character]
        return before + len(units.decode("utf-16-le"))

    async def actions(self, line: int, *only: str) -> list[types.CodeAction]:
        here = types.Position(line=line, character=4)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                text_document=types.TextDocumentIdentifier(uri=URI),
                range=types.Range(start=here, end=here),
                context=types.CodeActionContext(
                    diagnostics=[],
                    only=list(only) or None,
                    trigger_kind=types.CodeActionTriggerKind.Invoked,
                ),
            )
        )
        return [whole(one) for one in found or []]

    async def run(self, command: str, *arguments: Any) -> Any:
        params = types.ExecuteCommandParams(command=command, arguments=list(arguments))
        return await asyncio.wait_for(
            self.client.workspace_execute_command_async(params), timeout=10
        )

    async def ended(self) -> str:
        """The message at the end of the last job's progress."""
        for _ in range(1200):
            for reports in self.client.progress_reports.values():
                if reports and isinstance(reports[-1], types.WorkDoneProgressEnd):
                    ends = [r for r in reports if isinstance(r, types.WorkDoneProgressEnd)]
                    assert len(ends) == 1
                    return str(reports[-1].message)
            await asyncio.sleep(0.1)
        raise AssertionError("no job ended")


def whole(found: types.CodeAction | types.Command) -> types.CodeAction:
    """lsprotocol reads an action that has a command as a command, its fields as text."""
    if isinstance(found, types.CodeAction):
        return found
    inner = ast.literal_eval(found.command)
    return types.CodeAction(title=found.title, command=types.Command(**inner))


def configured(editor: Editor) -> None:
    """Answer the server's requests as an editor would."""

    @editor.client.feature(types.WORKSPACE_APPLY_EDIT)
    def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        editor.applied.append(params)
        editor.apply(params.edit)
        return types.ApplyWorkspaceEditResult(applied=True)

    @editor.client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def ask(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        editor.asked.set()
        if editor.typing_before_apply:
            editor.type(editor.typing_before_apply)
        editor.questions.append(params.message)
        offered = params.actions or []
        items = [a for a in offered if editor.answer in (a.title, FIRST)]
        return items[0] if items else None


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[sys.executable, "-m", "atlas_lsp"]),
)
async def editor(lsp_client: LanguageClient):  # type: ignore[no-untyped-def]
    one = Editor(lsp_client)
    configured(one)
    lsp_client.editor = one  # type: ignore[attr-defined]
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                general=types.GeneralClientCapabilities(
                    position_encodings=[types.PositionEncodingKind.Utf16]
                ),
                window=types.WindowClientCapabilities(
                    work_done_progress=True,
                    show_message=types.ShowMessageRequestClientCapabilities(),
                ),
                workspace=types.WorkspaceClientCapabilities(
                    apply_edit=True,
                    workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
                ),
            ),
            client_info=types.ClientInfo(name="Visual Studio Code", version="1.96.4"),
            initialization_options={"timeout": 60},
        )
    )
    yield
    await lsp_client.shutdown_session()


def containers() -> list[str]:
    command = ["docker", "ps", "-q", "--filter", "label=org.atlas.sandbox"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def of(client: LanguageClient) -> Editor:
    found: Editor = client.editor  # type: ignore[attr-defined]
    return found


@pytest.mark.docker
async def test_solve_changes_the_buffer_only_inside_the_function(editor: LanguageClient):
    one = of(editor)
    one.open()
    (solve,) = await one.actions(3, "refactor.rewrite.atlas.solve")
    assert solve.command
    answer = await one.run(solve.command.command, *(solve.command.arguments or []))
    assert answer["jobId"]
    assert "verified" in await one.ended()
    await asyncio.wait_for(one.asked.wait(), 5)
    for _ in range(100):
        if one.applied:
            break
        await asyncio.sleep(0.05)
    head, tail = SOURCE.split('    False\n    """\n')
    assert one.text.startswith(f'{head}    False\n    """\n    ')
    assert one.text.endswith(tail.lstrip("\n"))
    assert one.text != SOURCE


@pytest.mark.docker
async def test_typing_around_the_function_moves_the_edit(editor: LanguageClient):
    one = of(editor)
    one.open()
    one.typing_before_apply = "# 🚀 typed at the last moment\n" + SOURCE
    await one.run("atlas.solve", URI, "is_even")
    assert "verified" in await one.ended()
    for _ in range(100):
        if one.applied:
            break
        await asyncio.sleep(0.05)
    head, tail = SOURCE.split('    False\n    """\n')
    assert one.text.startswith(f'# 🚀 typed at the last moment\n{head}    False\n    """\n    ')
    assert one.text.endswith(tail.lstrip("\n"))


@pytest.mark.docker
async def test_a_function_that_changed_meanwhile_is_left_alone(editor: LanguageClient):
    one = of(editor)
    one.open()
    one.typing_before_apply = SOURCE.replace("Is n even?", "Is n an even number?")
    await one.run("atlas.solve", URI, "is_even")
    await one.ended()
    await asyncio.wait_for(one.asked.wait(), 5)
    for _ in range(100):
        if any("changed while" in m.message for m in editor.messages):
            break
        await asyncio.sleep(0.05)
    assert not one.applied
    assert any("changed while" in m.message for m in editor.messages)
    assert one.text == SOURCE.replace("Is n even?", "Is n an even number?")


@pytest.mark.docker
async def test_an_answer_becomes_an_example_and_then_the_edit_is_applied(editor: LanguageClient):
    one = of(editor)
    one.open(MIDDLE)
    one.answer = FIRST
    one.typing_before_apply = "# typed 🚀 before the answer\n" + MIDDLE
    await one.run("atlas.repair", URI, "middle")
    await one.ended()
    for _ in range(200):
        if one.applied:
            break
        await asyncio.sleep(0.05)
    which, apply = one.questions
    assert "candidates for `middle` differ: what is right for middle(" in which
    assert "2/2 examples" in apply
    head, last, _ = MIDDLE.partition("    3\n")
    assert one.text.startswith(f"# typed 🚀 before the answer\n{head}{last}    >>> middle(")
    assert one.text.endswith('\n\n\nNAME = "🚀 untouched"\n')
    assert "return low + high - 2\n" not in one.text


@pytest.mark.docker
async def test_declined_it_stays_as_a_code_action_with_the_edit(editor: LanguageClient):
    one = of(editor)
    one.open()
    one.answer = "Not now"
    await one.run("atlas.solve", URI, "is_even")
    await one.ended()
    await asyncio.wait_for(one.asked.wait(), 5)
    (offer,) = await one.actions(3, "refactor.rewrite.atlas.apply")
    assert "verified" in offer.title
    assert "2/2" in offer.title
    assert offer.edit
    assert one.text == SOURCE
    one.apply(offer.edit)
    assert 'return "🚀 untouched"' in one.text
    assert one.text != SOURCE


@pytest.mark.docker
@pytest.mark.parametrize("route", ["command", "progress"])
async def test_a_cancelled_job_ends_at_once_and_leaves_the_buffer(
    editor: LanguageClient, route: str
):
    one = of(editor)
    one.open(HOPELESS)
    answer = await one.run("atlas.solve", URI, "f")
    for _ in range(600):
        if containers() and any(len(r) > 1 for r in editor.progress_reports.values()):
            break
        await asyncio.sleep(0.1)
    began = asyncio.get_running_loop().time()
    if route == "command":
        assert await one.run("atlas.cancel", answer["jobId"]) == 1
    else:
        (token,) = editor.progress_reports
        editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token=token))
    assert await one.ended() == "cancelled"
    assert asyncio.get_running_loop().time() - began < 5
    assert await one.run("atlas.cancel") == 0
    assert one.text == HOPELESS


@pytest.mark.docker
async def test_code_actions_are_answered_while_a_job_runs(editor: LanguageClient):
    one = of(editor)
    one.open(HOPELESS)
    await one.run("atlas.solve", URI, "f")
    titles = [action.title for action in await asyncio.wait_for(one.actions(0), 5)]
    assert any(title.startswith("Atlas: stop") for title in titles)
    assert not any(title.startswith("Atlas: solve") for title in titles)


async def test_a_file_that_does_not_parse_offers_nothing(editor: LanguageClient):
    one = of(editor)
    one.open("def f(:\n    pass\n")
    assert await one.actions(0) == []
