"""The faults of pygls 2.1.1, one test each; and random messages, each with its reply."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.atlas_lsp.simulated import EDITORS, STUB, URI, Editor, Manners, in_virtual_time

DOCUMENT = {"textDocument": {"uri": URI}}


@pytest.fixture(scope="module")
def cache() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def check(
    cache: Path,
    scene: Callable[[Editor], Awaitable[None]],
    text: str = STUB,
    *,
    manners: Manners = EDITORS["honest"],
    encoding: str = "utf-16",
    **options: Any,
) -> Editor:
    editor = Editor(text, manners, cache, options=options, encoding=encoding)

    async def play() -> None:
        await editor.start()
        await scene(editor)
        await editor.stop()

    in_virtual_time(play)
    return editor


def test_no_handler_uses_the_thread_pool_and_no_command_is_a_coroutine(cache: Path):
    """Faults 1, 3, 4, 5, 7, 8: threads and awaiting commands cannot be cancelled or replied to."""

    async def scene(editor: Editor) -> None:
        manager = editor.server.protocol.fm
        handlers = [*manager.features.values(), *manager.commands.values()]
        assert not [h for h in handlers if getattr(h, "execute_in_thread", False)]
        awaited = [name for name, h in manager.commands.items() if asyncio.iscoroutinefunction(h)]
        # Our own extension waits for this one, and for as long as a file's examples take.
        assert awaited == ["atlas.examples"]

    editor = check(cache, scene)
    assert editor.server._thread_pool is None


def test_a_shutdown_with_a_job_in_flight_is_answered(cache: Path):
    """Fault 6: pygls changes a dictionary while it walks over it."""

    async def scene(editor: Editor) -> None:
        await editor.command("atlas.solve", URI, "twice")
        await editor.solver.began.wait()

    editor = check(cache, scene)
    assert editor.replies[max(editor.replies)]["result"] is None


def test_ten_thousand_changes_leave_no_futures_behind(cache: Path):
    """Fault 9: pygls keeps one future per notification, and every progress token."""

    async def scene(editor: Editor) -> None:
        for n in range(10_000):
            editor.type(0, 0 if n % 2 else 1, "#" if n % 2 else "")
        await editor.command("atlas.solve", URI, "twice")
        editor.solver.gate.set()
        await asyncio.sleep(1000)
        protocol = editor.server.protocol
        assert len(protocol._request_futures) == 0
        assert len(protocol._result_types) == 0
        assert len(protocol.progress.tokens) == 0

    check(cache, scene, "#" + STUB, apply="offer")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 200),
            st.integers(0, 8),
            st.text(alphabet="ab\f\v\x1c\x85\u2028\u2029é🚀𝔘\n", max_size=6),
            st.booleans(),
        ),
        max_size=12,
    )
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_server_has_the_text_that_the_editor_has(
    cache: Path, encoding: str, newline: str, edits: list[tuple[int, int, str, bool]]
):
    """Fault 10: pygls splits lines at form feeds and U+2028, LSP does not."""

    async def scene(editor: Editor) -> None:
        for at, length, new, whole in edits:
            start = min(at, len(editor.text))
            end = min(start + length, len(editor.text))
            # The halves of a line ending are not two places.
            while 0 < start < len(editor.text) and editor.text[start - 1 : start + 1] == "\r\n":
                start -= 1
            while 0 < end < len(editor.text) and editor.text[end - 1 : end + 1] == "\r\n":
                end += 1
            editor.type(start, max(start, end), new.replace("\n", newline), whole=whole)
            assert editor.server.buffer(URI).document.text == editor.text

    text = '"""🚀\f\u2028é"""\nx = 1\n\n\ndef f():\n    """\x85"""\n'.replace("\n", newline)
    check(cache, scene, text, encoding=encoding)


def test_versions_that_go_backwards_are_not_trusted(cache: Path):
    """Fault 11: then nobody knows which text the editor has, until it sends the whole of it."""

    async def scene(editor: Editor) -> None:
        await editor.command("atlas.solve", URI, "twice")
        editor.solver.gate.set()
        await asyncio.sleep(1)
        editor.version = -5
        editor.type(0, 0, "# a\n")
        assert not [a for a in await editor.actions(editor.text.find("def")) if "edit" in a]
        editor.type(0, 0, "# b\n", whole=True)
        assert [a for a in await editor.actions(editor.text.find("def")) if "edit" in a]

    check(cache, scene, apply="offer")


def test_a_late_reply_is_dropped_without_a_word(cache: Path):
    """Fault 12: pygls raises InvalidStateError and shows it as a popup."""

    async def scene(editor: Editor) -> None:
        await editor.command("atlas.solve", URI, "twice")
        editor.solver.gate.set()
        await asyncio.sleep(1000)
        assert len(editor.requests) == 2
        for request in editor.requests:
            editor.send({"id": request["id"], "result": None})
            editor.send({"id": request["id"], "result": None})

    editor = check(cache, scene, manners=EDITORS["silent"], apply="ask")
    assert not [m for m in editor.messages if "rror" in m]


def test_errors_are_logged_and_not_shown(cache: Path):
    async def scene(editor: Editor) -> None:
        await editor.command("atlas.solve")
        await editor.command("atlas.nothing", 1)
        editor.notify("textDocument/didChange", {"textDocument": 5})

    assert check(cache, scene).messages == []


def test_requests_before_and_after_the_life_of_a_server_are_refused(cache: Path):
    editor = Editor(STUB, EDITORS["honest"], cache)

    async def scene() -> None:
        early = await editor.ask("textDocument/hover", DOCUMENT)
        assert early["error"]["code"] == -32002
        await editor.start()
        assert (await editor.ask("initialize", {"capabilities": {}}))["error"]["code"] == -32600
        await editor.stop()
        late = await editor.ask("textDocument/hover", DOCUMENT)
        assert late["error"]["code"] == -32600

    in_virtual_time(scene)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
POSITION = st.fixed_dictionaries({"line": st.integers(0, 9), "character": st.integers(0, 30)})
RANGE = st.fixed_dictionaries({"start": POSITION, "end": POSITION})
IDENTIFIER = st.fixed_dictionaries(
    {"uri": st.sampled_from([URI, "file:///nowhere.py", "untitled:1", "", "\0"])}
)
VERSIONED = st.fixed_dictionaries({"uri": st.just(URI), "version": st.integers(-2, 50)})
COMMANDS = ["solve", "repair", "cancel", "stop", "jobs", "apply", "check", "evidence", "diff"]
COMMANDS += ["history", "prune", "replay", "nothing"]
PARAMS: dict[str, st.SearchStrategy[Any]] = {
    "textDocument/codeAction": st.fixed_dictionaries(
        {
            "textDocument": IDENTIFIER,
            "range": RANGE,
            "context": st.fixed_dictionaries({"diagnostics": st.just([])}),
        }
    ),
    "textDocument/hover": st.fixed_dictionaries({"textDocument": IDENTIFIER, "position": POSITION}),
    "textDocument/codeLens": st.fixed_dictionaries({"textDocument": IDENTIFIER}),
    "workspace/executeCommand": st.fixed_dictionaries(
        {
            "command": st.sampled_from([f"atlas.{name}" for name in COMMANDS]),
            "arguments": st.lists(st.sampled_from([URI, "twice", "job-1", 3]) | JUNK, max_size=3),
        }
    ),
    "textDocument/completion": JUNK,
    "$/unknown": JUNK,
    "": JUNK,
}
NOTES: dict[str, st.SearchStrategy[Any]] = {
    "textDocument/didChange": st.fixed_dictionaries(
        {
            "textDocument": VERSIONED,
            "contentChanges": st.lists(
                st.fixed_dictionaries({"text": st.text(max_size=9)}, optional={"range": RANGE}),
                max_size=2,
            ),
        }
    ),
    "textDocument/didOpen": st.fixed_dictionaries(
        {
            "textDocument": st.fixed_dictionaries(
                {
                    "uri": st.just(URI),
                    "languageId": st.just("python"),
                    "version": st.integers(0, 9),
                    "text": st.sampled_from([STUB, "", "def f(:\n", "\ufeff" + STUB]),
                }
            )
        }
    ),
    "textDocument/didClose": st.fixed_dictionaries({"textDocument": IDENTIFIER}),
    "textDocument/didSave": st.fixed_dictionaries({"textDocument": IDENTIFIER}),
    "workspace/didChangeConfiguration": st.fixed_dictionaries({"settings": JUNK}),
    "$/cancelRequest": st.fixed_dictionaries({"id": st.integers(1, 60)}),
    "window/workDoneProgress/cancel": st.fixed_dictionaries({"token": st.text(max_size=4)}),
    "$/setTrace": st.fixed_dictionaries({"value": st.sampled_from(["off", "verbose"])}),
    "$/unknown": JUNK,
}


def message(methods: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """A known method with fitting params, or now and then with any."""
    return st.sampled_from(sorted(methods)).flatmap(
        lambda method: st.tuples(st.just(method), methods[method] | JUNK)
    )


@pytest.mark.slow
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[*HealthCheck],
    # A smaller example of fifty messages is not worth minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    sent=st.lists(
        st.tuples(st.just(True), message(PARAMS)) | st.tuples(st.just(False), message(NOTES)),
        min_size=50,
        max_size=60,
    ),
    junk=st.lists(JUNK, max_size=5),
)
def test_of_ten_thousand_random_messages_every_request_gets_one_reply(
    cache: Path, sent: list[tuple[bool, tuple[str, Any]]], junk: list[Any]
):
    async def scene(editor: Editor) -> None:
        editor.solver.gate.set()
        first = editor._n + 1
        for is_request, (method, params) in sent:
            if is_request:
                editor._n += 1
                editor.send({"id": editor._n, "method": method, "params": params})
            else:
                editor.notify(method, params)
            await asyncio.sleep(0.01)
        for one in junk:
            editor.server.protocol.receive(one)
        await asyncio.sleep(700)
        missing = set(range(first, editor._n + 1)) - set(editor.replies)
        assert not missing

    check(cache, scene)
