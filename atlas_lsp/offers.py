"""How a finished result reaches the user: applied, asked for, or left among the code actions.

An edit that we send by ourselves must be for the text that the client has now; it is sent only to
clients that check that, and believed only when the changed text comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp.actions import workspace_edit
from atlas_lsp.cards import headline
from atlas_lsp.fits import Fit, Misfit, fit
from atlas_lsp.jobs import Key
from atlas_lsp.orders import VerifyOrder
from atlas_lsp.questions import answer_of_user

if TYPE_CHECKING:
    from atlas_lsp.cards import Record
    from atlas_lsp.state import AtlasServer
    from atlas_lsp.window import Window
    from pipeline.job import JobResult

APPLY, SHOW, LATER = "Apply", "Show diff", "Not now"
CONFIRM_S = 5.0
HINT = "it waits in the code actions"


async def offer(ls: AtlasServer, key: Key, result: JobResult) -> None:
    """Bring a finished result to the user, in the way that the settings ask for."""
    how = ls.settings(key[0]).apply
    if result.answers:
        chosen = await answer_of_user(ls.window, result) if how != "offer" else None
        if chosen is None:
            question = result.solution.question
            asked = f"; {question.shown} Both wait" if question else "; it waits"
            ls.window.say(f"{headline(result)}{asked} in the code actions")
            return
        await ls.keep(key, chosen)
        result = chosen
    solution = result.solution
    if result.new_text is None:
        ls.window.say(headline(result))
    elif not solution.is_good or how == "offer" or not may_send(ls, key):
        ls.window.say(f"{headline(result)}; {HINT}")
    elif how == "auto":
        await apply(ls, key, result)
    elif not ls.client.can_ask:
        ls.window.say(f"{headline(result)}; {HINT}")
    else:
        await _ask(ls, key, result)


def may_send(ls: AtlasServer, key: Key) -> bool:
    buffer = ls.buffer(key[0])
    return buffer.in_order and ls.client.may_send_edit(buffer.version)


async def _ask(ls: AtlasServer, key: Key, result: JobResult) -> None:
    """Ask; no answer is a no, and the code action stays."""
    titles = [APPLY, SHOW, LATER] if ls.client.can_show_documents else [APPLY, LATER]
    picked = await ls.window.ask(headline(result), titles)
    if picked == APPLY:
        await apply(ls, key, result)
    elif picked == SHOW:
        await show_diff(ls.window, key[1], ls.records.get(key))


async def apply(ls: AtlasServer, key: Key, result: JobResult) -> bool:
    """Send the edit if it still fits the text, and see that it arrives; else keep it and say so."""
    fitting = await _proved_fit(ls, key, result)
    if isinstance(fitting, Misfit):
        ls.window.say(
            f"`{key[1]}` {fitting.why}, so nothing was applied; "
            f"the solution is kept{_where(ls, key)}",
            types.MessageType.Warning,
        )
        return False
    buffer = ls.buffer(key[0])
    edit = workspace_edit(key[0], buffer.version, fitting, ls.unit, ls.client)
    if why := await ls.window.apply(edit, f"Atlas: {key[1]}"):
        ls.window.say(f"the editor did not apply the edit ({why}); {HINT}")
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
            ls.window.say(
                f"the editor says that it applied the edit, but its text did not change; {HINT}"
            )
            return False
    if all(one.new_text.strip() in ls.buffer(key[0]).document.text for one in fitting.edits):
        return True
    ls.window.say(
        f"the text of `{key[1]}` is not what was sent; undo, and take it from the code actions",
        types.MessageType.Warning,
    )
    return False


async def show_diff(window: Window, name: str, record: Record | None) -> None:
    """Open the kept diff, or tell where it is."""
    if record is None:
        window.say(f"there is no diff of `{name}`")
        return
    await window.show(record.diff.as_uri(), str(record.diff))


def _where(ls: AtlasServer, key: Key) -> str:
    record = ls.records.get(key)
    return f" as {record.diff}" if record else ""
