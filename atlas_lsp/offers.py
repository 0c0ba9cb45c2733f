"""How a finished result reaches the user: applied, asked for, or left among the code actions.

An edit that we send by ourselves must be for the text that the client has now; it is sent only to
clients that check that, and believed only when the changed text comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp.actions import workspace_edit
from atlas_lsp.anchors import Fit, Misfit, fit
from atlas_lsp.evidence import headline
from atlas_lsp.jobs import Key
from atlas_lsp.orders import VerifyOrder
from atlas_lsp.protocol import NoAnswer, answer_to
from atlas_lsp.questions import QUESTION_S, answer_of_user

if TYPE_CHECKING:
    from atlas_lsp.state import AtlasServer
    from pipeline.job import JobResult

APPLY, SHOW, LATER = "Apply", "Show diff", "Not now"
APPLY_S = 10.0
CONFIRM_S = 5.0
HINT = "it waits in the code actions"


async def offer(ls: AtlasServer, key: Key, result: JobResult) -> None:
    """Bring a finished result to the user, in the way that the settings ask for."""
    how = ls.settings(key[0]).apply
    if result.answers:
        chosen = await answer_of_user(ls, key, result) if how != "offer" else None
        if chosen is None:
            question = result.solution.question
            asked = f"; {question.shown} Both wait" if question else "; it waits"
            ls.say(f"{headline(result)}{asked} in the code actions")
            return
        await ls.keep(key, chosen)
        result = chosen
    solution = result.solution
    if result.new_text is None:
        ls.say(headline(result))
    elif not solution.is_good or how == "offer" or not may_send(ls, key):
        ls.say(f"{headline(result)}; {HINT}")
    elif how == "auto":
        await apply(ls, key, result)
    elif not ls.client.can_ask:
        ls.say(f"{headline(result)}; {HINT}")
    else:
        await _ask(ls, key, result)


def may_send(ls: AtlasServer, key: Key) -> bool:
    buffer = ls.buffer(key[0])
    return buffer.in_order and ls.client.may_send_edit(buffer.version)


async def _ask(ls: AtlasServer, key: Key, result: JobResult) -> None:
    """Ask; no answer is a no, and the code action stays."""
    titles = [APPLY, SHOW, LATER] if ls.client.can_show_documents else [APPLY, LATER]
    question = types.ShowMessageRequestParams(
        type=types.MessageType.Info,
        message=f"atlas: {headline(result)}",
        actions=[types.MessageActionItem(title=title) for title in titles],
    )
    try:
        answer = await answer_to(ls.window_show_message_request_async(question), QUESTION_S)
    except NoAnswer:
        return
    title = answer.title if answer else LATER
    if title == APPLY:
        await apply(ls, key, result)
    elif title == SHOW:
        await show_diff(ls, key)


async def apply(ls: AtlasServer, key: Key, result: JobResult) -> bool:
    """Send the edit if it still fits the text, and see that it arrives; else keep it and say so."""
    fitting = await _proved_fit(ls, key, result)
    if isinstance(fitting, Misfit):
        ls.say(
            f"`{key[1]}` {fitting.why}, so nothing was applied; "
            f"the solution is kept{_where(ls, key)}",
            types.MessageType.Warning,
        )
        return False
    buffer = ls.buffer(key[0])
    edit = workspace_edit(key[0], buffer.version, fitting, ls.unit, ls.client)
    label = f"Atlas: {key[1]}"
    asked = ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit, label=label))
    try:
        answer = await answer_to(asked, APPLY_S)
    except NoAnswer as exc:
        ls.say(f"the editor did not apply the edit ({exc}); {HINT}")
        return False
    if not answer.applied:
        why = answer.failure_reason or "it gave no reason"
        ls.say(f"the editor did not apply the edit ({why}); {HINT}")
        return False
    return await _arrived(ls, key, fitting)


async def _proved_fit(ls: AtlasServer, key: Key, result: JobResult) -> Fit | Misfit:
    """An edit of the newest text, proved in that text: other code may have changed under it."""
    for _ in range(3):
        buffer = ls.buffer(key[0])
        if not buffer.in_order:
            return Misfit(why="stands in a text that the editor sent out of order")
        fitting = fit(result, buffer.document)
        if isinstance(fitting, Misfit) or not fitting.moved:
            return fitting
        document = buffer.document
        order = VerifyOrder(document=document, settings=ls.settings(key[0]), result=result)
        judged = await ls.solver.run(order)
        if judged is not None and judged.visible and not judged.passes:
            return Misfit(why="no longer passes its examples in the changed file")
        if ls.buffer(key[0]).document is document:
            return fitting
    return Misfit(why="stands in a file that changes all the time")


async def _arrived(ls: AtlasServer, key: Key, fitting: Fit) -> bool:
    """The text with the edit in it came back; the word of the client alone is not enough."""
    for _ in range(20):
        text = ls.buffer(key[0]).document.text
        if text == fitting.new_text:
            return True
        if text != fitting.document.text:
            # The user typed on at once: the function tells.
            break
        if not await ls.changed(key[0], CONFIRM_S):
            ls.say(f"the editor says that it applied the edit, but its text did not change; {HINT}")
            return False
    if all(one.new_text.strip() in ls.buffer(key[0]).document.text for one in fitting.edits):
        return True
    ls.say(
        f"the text of `{key[1]}` is not what was sent; undo, and take it from the code actions",
        types.MessageType.Warning,
    )
    return False


async def show_diff(ls: AtlasServer, key: Key) -> None:
    """Open the kept diff, or tell where it is."""
    record = ls.records.get(key)
    if record is None:
        ls.say(f"there is no diff of `{key[1]}`")
        return
    await show(ls, record.diff.as_uri(), str(record.diff))


async def show(ls: AtlasServer, uri: str, path: str) -> None:
    if not ls.client.can_show_documents:
        ls.say(path)
        return
    try:
        await answer_to(ls.window_show_document_async(types.ShowDocumentParams(uri=uri)), APPLY_S)
    except NoAnswer:
        ls.say(path)


def _where(ls: AtlasServer, key: Key) -> str:
    record = ls.records.get(key)
    return f" as {record.diff}" if record else ""
