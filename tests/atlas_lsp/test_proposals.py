"""*Generate tests*: the real server, model and sandbox; and edits that only fit their function."""

from __future__ import annotations

import asyncio
import doctest
import types

import pytest
from pytest_lsp import LanguageClient

from atlas_lsp.fits import Fit, Misfit
from atlas_lsp.orders import Proposed
from atlas_lsp.proposals import fit_tests, smallest
from pipeline.source.edit import applied
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, document_from_bytes
from pipeline.testgen.proposal import FileEdit, TestProposal
from tests.atlas_lsp.test_real_clients import CLAMP as PLAIN_CLAMP
from tests.atlas_lsp.test_server import URI, Editor, editor

pytestmark = pytest.mark.asyncio(loop_scope="session")
__all__ = ["editor"]
HEAD = '"""A module 🚀."""\r\n\r\n\r\n'
CLAMP = PLAIN_CLAMP.replace("\n", "\r\n")
TAIL = '\r\n\r\nNAME = "🚀 untouched"\r\n'


def of(client: LanguageClient) -> Editor:
    found: Editor = client.editor  # type: ignore[attr-defined]
    return found


@pytest.mark.docker
async def test_tests_wait_in_the_code_actions_and_pass_where_they_land(editor: LanguageClient):
    one = of(editor)
    one.open(HEAD + CLAMP + TAIL)
    (start,) = [a for a in await one.actions(3) if "generate tests" in a.title]
    assert start.command
    assert start.command.arguments
    assert (await one.run(start.command.command, *start.command.arguments))["jobId"]
    one.type("# typed 🚀 meanwhile\r\n" + one.text)
    said = await one.ended()
    assert "mutation score" in said, said
    typed = one.text
    (action,) = [a for a in await one.actions(4) if "Atlas: add" in a.title]
    assert action.edit
    one.apply(action.edit)
    assert not one.applied, "nothing is sent unasked"
    assert one.text.replace(added(typed, one.text), "", 1) == typed
    n_before, n_after = n_examples(typed), n_examples(one.text)
    assert n_after > n_before
    assert failures(one.text) == 0
    assert "\r\n" in added(typed, one.text)
    assert not [a for a in await one.actions(4) if "Atlas: add" in a.title], "taken once"


def added(old: str, new: str) -> str:
    return smallest(old, new, 0).new_text


def n_examples(text: str) -> int:
    return len(doctest.DocTestParser().get_examples(text.replace("\r\n", "\n")))


def failures(text: str) -> int:
    """Of the module's doctests; the code is ours, not a model's."""
    module = types.ModuleType("clamped")
    exec(text, module.__dict__)
    return doctest.testmod(module).failed


@pytest.mark.docker
async def test_a_test_job_is_cancelled_like_any_other(editor: LanguageClient):
    one = of(editor)
    one.open(HEAD + CLAMP + TAIL)
    answer = await one.run("atlas.tests", URI, "clamp")
    await asyncio.sleep(0.5)
    assert await one.run("atlas.cancel", answer["jobId"]) == 1
    assert await one.ended() == "cancelled"
    assert one.text == HEAD + CLAMP + TAIL
    assert not [a for a in await one.actions(3) if "Atlas: add" in a.title]


async def test_a_stub_has_nothing_to_test(editor: LanguageClient):
    one = of(editor)
    one.open('def f(n):\n    """Nothing yet."""\n')
    assert not [a for a in await one.actions(0) if "tests" in a.title]


# edits


def document_of(text: str) -> Document:
    return document_from_bytes(text.encode(), "m.py")


def proposed(text: str, new: str) -> tuple[Proposed, FileEdit]:
    document = document_of(text)
    edit = FileEdit(path="m.py", old_text=text, new_text=new)
    proposal = TestProposal(function="clamp", style="doctest", edits=(edit,))
    site = find_function(document, "clamp")
    return Proposed(document=document, site=site, proposal=proposal), edit


def with_one(text: str) -> str:
    return text.replace("    5\r\n", "    5\r\n    >>> clamp(11, 0, 10)\r\n    10\r\n")


@pytest.mark.parametrize("before", ["", "import os\r\n", "# 🚀\r\n" * 3])
async def test_tests_follow_their_function(before: str):
    made, edit = proposed(HEAD + CLAMP + TAIL, with_one(HEAD + CLAMP + TAIL))
    now = before + HEAD + CLAMP + TAIL + "\r\n# more"
    found = fit_tests(made, edit, document_of(now))
    assert isinstance(found, Fit)
    assert applied(now, found.edits) == with_one(now)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (HEAD + CLAMP.replace("return x", "return -x") + TAIL, "changed"),
        (HEAD + TAIL, "no longer"),
        (HEAD + "def (:", "parse"),
    ],
)
async def test_tests_of_another_function_are_not_offered(now: str, why: str):
    made, edit = proposed(HEAD + CLAMP + TAIL, with_one(HEAD + CLAMP + TAIL))
    found = fit_tests(made, edit, document_of(now))
    assert isinstance(found, Misfit)
    assert why in found.why


async def test_an_edit_outside_of_the_function_is_refused():
    made, edit = proposed(HEAD + CLAMP + TAIL, "# outside\r\n" + HEAD + CLAMP + TAIL)
    assert isinstance(fit_tests(made, edit, document_of(HEAD + CLAMP + TAIL)), Misfit)


@pytest.mark.parametrize(
    ("old", "new"), [("", "a"), ("a", ""), ("aa", "aaa"), ("abc", "axc"), ("abab", "ab"), ("", "")]
)
async def test_the_smallest_edit_makes_the_new_text(old: str, new: str):
    assert applied(old, (smallest(old, new, 0),)) == new
