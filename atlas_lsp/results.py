"""Results for a plugin of ours, which shows them itself instead of being asked in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp.actions import lsp_edits
from atlas_lsp.cards import card, headline
from atlas_lsp.checks import show
from atlas_lsp.documents import position_of, range_of
from atlas_lsp.fits import Misfit, fit
from atlas_lsp.offers import apply, may_send
from atlas_lsp.orders import CheckOrder
from atlas_lsp.questions import denied
from pipeline.source.locate import FunctionSite, functions
from pipeline.syntax.text import Document, SourceError, Unit

if TYPE_CHECKING:
    from atlas_lsp.desk import Desk
    from atlas_lsp.jobs import Key, ServerJob
    from atlas_lsp.orders import Checked, Proposed
    from atlas_lsp.settings import ServerSettings
    from atlas_lsp.snapshot import Snapshot
    from pipeline.job import JobResult

FINISHED = "atlas/finished"
PROPOSED = "atlas/proposed"
FAILED = "atlas/failed"


async def hand_over(desk: Desk, name: str, result: JobResult, limit: str) -> None:
    """Tell the plugin what came out; only `apply: auto` changes the text by itself."""
    how = desk.settings.apply
    good = result.solution.is_good and result.new_text is not None
    is_applied = (
        how == "auto"
        and good
        and not result.answers
        and may_send(desk.text, desk.client)
        and await apply(desk, name, result)
    )
    told = described((desk.uri, name), result, how)
    desk.window.notify(FINISHED, {**told, "isApplied": is_applied, "limit": limit or None})


def described(key: Key, result: JobResult, how: str) -> dict[str, object]:
    """A result as the plugin draws it; `how` is the setting `apply` of its file."""
    solution = result.solution
    question = solution.question
    return {
        "uri": key[0],
        "name": key[1],
        "headline": headline(result),
        "status": str(solution.status),
        "isGood": solution.is_good,
        "hasEdit": result.new_text is not None,
        "apply": how,
        "question": {
            "call": question.source,
            "outputs": [output for output, _ in result.answers],
        }
        if question and result.answers
        else None,
    }


def tell_proposed(desk: Desk, name: str, proposed: Proposed, said: str) -> None:
    found = proposed.proposal
    tests = [{"name": one.name, "source": one.source} for one in found.tests]
    questions = [str(one) for one in found.questions]
    told = {"uri": desk.uri, "name": name, "headline": said, "tests": tests}
    desk.window.notify(PROPOSED, {**told, "questions": questions})


def tell_failed(desk: Desk, job: ServerJob, why: str) -> None:
    """That the machinery broke under a job, with what begins it once more."""
    told = {"uri": desk.uri, "name": job.key[1], "command": f"atlas.{job.verb}", "why": why}
    desk.window.notify(FAILED, told)


def proposal(seen: Snapshot | None, name: str) -> dict[str, object]:
    """The file with the result in it, or why that is not possible now."""
    if seen is None:
        return {"why": f"the file of `{name}` cannot be read"}
    result = seen.results.get(name)
    if result is None:
        return {"why": f"there is no result for `{name}`; solve it first"}
    fitting = fit(result, seen.document)
    if isinstance(fitting, Misfit):
        return {"why": f"`{name}` {fitting.why}"}
    return {"text": fitting.new_text, "headline": headline(result)}


def texts(seen: Snapshot | None, name: str) -> dict[str, object] | None:
    """A result as what a plugin puts beside the code."""
    result = seen.results.get(name) if seen else None
    if seen is None or result is None:
        return None
    record = seen.records.get(name)
    return {
        "markdown": card(result),
        "document": record.markdown.read_text("utf-8") if record else None,
        "diff": result.diff,
    }


def again(
    result: JobResult | None, settings: ServerSettings, *, more_time: bool
) -> Mapping[str, object]:
    """What the next job is to do otherwise: the next seed, or twice the time."""
    if more_time:
        return {"timeout": 2 * settings.timeout}
    return {"seed": (result.solution.seed if result else settings.seed) + 1}


def can_be_answered(result: JobResult, output: str | None) -> bool:
    """Whether the function's result asks, and this is one of the outputs that it asks about."""
    if result.solution.question is None:
        return False
    return output is None or output in dict(result.answers)


async def answer(desk: Desk, name: str, result: JobResult, output: str | None) -> None:
    """Take the candidate whose output the user calls right; None calls both wrong."""
    chosen = denied(result) if output is None else dict(result.answers)[output]
    await desk.keep(name, chosen)
    if output is not None:
        await apply(desk, name, chosen)


async def examples(desk: Desk) -> list[dict[str, object]]:
    """Run the examples of a file; one entry for each function that has some.

    Raises SandboxError when nothing can run.
    """
    seen = desk.now
    if seen is None or not seen.settings.trusted:
        return []
    try:
        sites = {site.name: site for site in functions(seen.document)}
    except SourceError:
        return []
    order = CheckOrder(document=seen.document, settings=seen.settings, names=tuple(sites))
    found = await desk.run(order)
    show(desk, found)
    return [_example(seen, sites[one.name], one) for one in found]


def _example(seen: Snapshot, site: FunctionSite, checked: Checked) -> dict[str, object]:
    start, end = site.def_start, site.header_end
    failed = checked.failed_tests
    return {
        "name": site.name,
        "line": range_of(seen.document, start, end, seen.unit).start.line,
        "passed": checked.n_passed,
        "total": checked.n_all,
        "failures": [
            {"message": one.detail, "line": _line(site, checked, one.failing_line)}
            for one in checked.failures
        ],
        "tests": [
            {"name": one.node_id, "passed": one not in failed, "message": one.message}
            for one in checked.tests
        ],
    }


def _line(site: FunctionSite, checked: Checked, failing_line: int | None) -> int:
    if failing_line is None:
        return site.def_line
    return failing_line - 1 - checked.first_line + site.first_line


def ghosts(seen: Snapshot, line: int) -> list[types.InlineCompletionItem]:
    """The verified body of the stub that the cursor is in, as text to accept with a key."""
    if not seen.settings.ghost_text or not seen.settings.trusted:
        return []
    document = seen.document
    found = []
    for result in seen.results.values():
        if not result.solution.is_good or result.answers:
            continue
        fitting = fit(result, document)
        if isinstance(fitting, Misfit) or len(fitting.edits) != 1:
            continue
        (edit,) = lsp_edits(document, fitting, seen.unit)
        if (shown := _shown_at(document, edit, line, seen.unit)) is not None:
            found.append(shown)
    return found


def _shown_at(
    document: Document, edit: types.TextEdit, line: int, unit: Unit
) -> types.InlineCompletionItem | None:
    """Ghost text stands on the cursor's own line: at its end, or for what stands there."""
    start, end, new = edit.range.start, edit.range.end, edit.new_text
    if line != start.line or start.line < end.line - 1:
        return None
    if end.line > start.line:
        # The whole line is replaced: its end is as far as one line of ghost text may reach.
        if end.character or not new.endswith("\n"):
            return None
        end = position_of(document, document.line_end(line), unit)
        new = new.removesuffix("\n").removesuffix("\r")
    return types.InlineCompletionItem(insert_text=new, range=types.Range(start=start, end=end))
