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
from atlas_lsp.orders import VerifyOrder
from atlas_lsp.questions import answer_of_user

if TYPE_CHECKING:
    from atlas_lsp.cards import Record
    from atlas_lsp.client import Client
    from atlas_lsp.desk import Desk
    from atlas_lsp.snapshot import Text
    from atlas_lsp.window import Window
    from pipeline.job import JobResult

APPLY, SHOW, LATER = "Apply", "Show diff", "Not now"
CONFIRM_S = 5.0
HINT = "it waits in the code actions"


async def offer(desk: Desk, name: str, result: JobResult) -> None:
    """Bring a finished result to the user, in the way that the settings ask for."""
    how = desk.settings.apply
    if result.answers:
        chosen = await answer_of_user(desk.window, result) if how != "offer" else None
        if chosen is None:
            question = result.solution.question
            asked = f"; {question.shown} Both wait" if question else "; it waits"
            desk.window.say(f"{headline(result)}{asked} in the code actions")
            return
        await desk.keep(name, chosen)
        result = chosen
    solution = result.solution
    if result.new_text is None:
        desk.window.say(headline(result))
    elif not solution.is_good or how == "offer" or not may_send(desk.text, desk.client):
        desk.window.say(f"{headline(result)}; {HINT}")
    elif how == "auto":
        await apply(desk, name, result)
    elif not desk.client.can_ask:
        desk.window.say(f"{headline(result)}; {HINT}")
    else:
        await _ask(desk, name, result)


def may_send(text: Text, client: Client) -> bool:
    """Whether an edit of this text can be sent without asking."""
    return text.in_order and client.may_send_edit(text.version)


async def _ask(desk: Desk, name: str, result: JobResult) -> None:
    """Ask; no answer is a no, and the code action stays."""
    titles = [APPLY, SHOW, LATER] if desk.client.can_show_documents else [APPLY, LATER]
    picked = await desk.window.ask(headline(result), titles)
    if picked == APPLY:
        await apply(desk, name, result)
    elif picked == SHOW:
        await show_diff(desk.window, name, desk.record(name))


async def apply(desk: Desk, name: str, result: JobResult) -> bool:
    """Send the edit if it still fits the text, and see that it arrives; else keep it and say so."""
    fitting = await _proved_fit(desk, result)
    if isinstance(fitting, Misfit):
        desk.window.say(
            f"`{name}` {fitting.why}, so nothing was applied; "
            f"the solution is kept{_where(desk.record(name))}",
            types.MessageType.Warning,
        )
        return False
    seen = desk.now
    if seen is None:
        desk.window.say(f"the file of `{name}` is gone, so nothing was applied")
        return False
    edit = workspace_edit(seen.uri, seen.text.version, fitting, seen.unit, seen.client)
    if why := await desk.window.apply(edit, f"Atlas: {name}"):
        desk.window.say(f"the editor did not apply the edit ({why}); {HINT}")
        return False
    return await _arrived(desk, name, fitting)


async def _proved_fit(desk: Desk, result: JobResult) -> Fit | Misfit:
    """An edit of the newest text, proved in that text: other code may have changed under it."""
    for _ in range(3):
        text = desk.text
        if not text.in_order:
            return Misfit(why="stands in a text that the editor sent out of order")
        fitting = fit(result, text.document)
        if isinstance(fitting, Misfit) or not (fitting.moved or result.is_kept):
            return fitting
        order = VerifyOrder(document=text.document, settings=desk.settings, result=result)
        judged = await desk.run(order)
        if judged is not None and judged.visible and not judged.passes:
            return Misfit(why="no longer passes its examples in the changed file")
        if desk.text.document is text.document:
            return fitting
    return Misfit(why="stands in a file that changes all the time")


async def _arrived(desk: Desk, name: str, fitting: Fit) -> bool:
    """The text with the edit in it came back; the word of the client alone is not enough."""
    for _ in range(20):
        text = desk.text.document.text
        if text == fitting.new_text:
            return True
        if text != fitting.document.text:
            # The user typed on at once: the function tells.
            break
        if not await desk.changed(CONFIRM_S):
            desk.window.say(
                f"the editor says that it applied the edit, but its text did not change; {HINT}"
            )
            return False
    if all(one.new_text.strip() in desk.text.document.text for one in fitting.edits):
        return True
    desk.window.say(
        f"the text of `{name}` is not what was sent; undo, and take it from the code actions",
        types.MessageType.Warning,
    )
    return False


async def show_diff(window: Window, name: str, record: Record | None) -> None:
    """Open the kept diff, or tell where it is."""
    if record is None:
        window.say(f"there is no diff of `{name}`")
        return
    await window.show(record.diff.as_uri(), str(record.diff))


def _where(record: Record | None) -> str:
    return f" as {record.diff}" if record else ""
