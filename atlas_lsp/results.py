"""Results for a plugin of ours, which shows them itself instead of being asked in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lsprotocol import types

from atlas_lsp.actions import lsp_edits
from atlas_lsp.cards import card, headline
from atlas_lsp.documents import position_of, range_of
from atlas_lsp.fits import Misfit, fit, same_function
from atlas_lsp.offers import apply, may_send
from atlas_lsp.orders import CheckOrder
from atlas_lsp.questions import denied
from pipeline.source.locate import FunctionSite, functions
from pipeline.syntax.text import Document, SourceError, Unit

if TYPE_CHECKING:
    from atlas_lsp.jobs import Key
    from atlas_lsp.orders import Checked, Proposed
    from atlas_lsp.state import AtlasServer
    from pipeline.job import JobResult

FINISHED = "atlas/finished"
PROPOSED = "atlas/proposed"


async def hand_over(ls: AtlasServer, key: Key, result: JobResult, limit: str) -> None:
    """Tell the plugin what came out; only `apply: auto` changes the text by itself."""
    how = ls.settings(key[0]).apply
    good = result.solution.is_good and result.new_text is not None
    is_applied = (
        how == "auto"
        and good
        and not result.answers
        and may_send(ls, key)
        and await apply(ls, key, result)
    )
    told = described(ls, key, result)
    ls.protocol.notify(FINISHED, {**told, "isApplied": is_applied, "limit": limit or None})


def described(ls: AtlasServer, key: Key, result: JobResult) -> dict[str, object]:
    """A result as the plugin draws it."""
    solution = result.solution
    question = solution.question
    return {
        "uri": key[0],
        "name": key[1],
        "headline": headline(result),
        "status": str(solution.status),
        "isGood": solution.is_good,
        "hasEdit": result.new_text is not None,
        "apply": ls.settings(key[0]).apply,
        "question": {
            "call": question.source,
            "outputs": [output for output, _ in result.answers],
        }
        if question and result.answers
        else None,
    }


def tell_proposed(ls: AtlasServer, key: Key, proposed: Proposed, said: str) -> None:
    found = proposed.proposal
    tests = [{"name": one.name, "source": one.source} for one in found.tests]
    questions = [str(one) for one in found.questions]
    told = {"uri": key[0], "name": key[1], "headline": said, "tests": tests}
    ls.protocol.notify(PROPOSED, {**told, "questions": questions})


def proposal(ls: AtlasServer, key: Key) -> dict[str, object]:
    """The file with the result in it, or why that is not possible now."""
    result = ls.results.get(key)
    if result is None:
        return {"why": f"there is no result for `{key[1]}`; solve it first"}
    document = ls.buffer(key[0]).document
    fitting = fit(result, document)
    if isinstance(fitting, Misfit):
        return {"why": f"`{key[1]}` {fitting.why}"}
    return {"text": fitting.new_text, "headline": headline(result)}


def texts(ls: AtlasServer, key: Key) -> dict[str, object] | None:
    """A result as what a plugin puts beside the code."""
    result = ls.results.get(key)
    if result is None:
        return None
    record = ls.records.get(key)
    return {
        "markdown": card(result),
        "document": record.markdown.read_text("utf-8") if record else None,
        "diff": result.diff,
    }


def again(ls: AtlasServer, key: Key, *, more_time: bool) -> Mapping[str, object]:
    """What the next job is to do otherwise: the next seed, or twice the time."""
    settings = ls.settings(key[0])
    result = ls.results.pop(key, None)
    if more_time:
        return {"timeout": 2 * settings.timeout}
    return {"seed": (result.solution.seed if result else settings.seed) + 1}


def forget(ls: AtlasServer, key: Key) -> bool:
    """Discard a result; the history keeps it."""
    found = ls.results.pop(key, None)
    ls.records.pop(key, None)
    ls.window.refresh_lenses()
    return found is not None


def waiting(ls: AtlasServer) -> list[dict[str, object]]:
    """Every result that can still be looked at, oldest first."""
    return [described(ls, key, result) for key, result in ls.results.items()]


def can_be_answered(ls: AtlasServer, key: Key, output: str | None) -> bool:
    """Whether the function's result asks, and this is one of the outputs that it asks about."""
    result = ls.results.get(key)
    if result is None or result.solution.question is None:
        return False
    return output is None or output in dict(result.answers)


async def answer(ls: AtlasServer, key: Key, output: str | None) -> None:
    """Take the candidate whose output the user calls right; None calls both wrong."""
    if not can_be_answered(ls, key, output):
        return
    result = ls.results[key]
    chosen = denied(result) if output is None else dict(result.answers)[output]
    await ls.keep(key, chosen)
    if output is not None:
        await apply(ls, key, chosen)


async def examples(ls: AtlasServer, uri: str) -> list[dict[str, object]]:
    """Run the examples of a file; one entry for each function that has some.

    Raises SandboxError when nothing can run.
    """
    from atlas_lsp import checks

    if not ls.settings(uri).trusted:
        return []
    document = ls.buffer(uri).document
    try:
        sites = {site.name: site for site in functions(document)}
    except SourceError:
        return []
    order = CheckOrder(document=document, settings=ls.settings(uri), names=tuple(sites))
    found = await ls.solver.run(order)
    ls.checked[uri] = {one.name: one for one in found}
    checks.publish(ls, uri)
    ls.window.refresh_lenses()
    return [_example(ls, document, sites[one.name], one) for one in found]


def _example(
    ls: AtlasServer, document: Document, site: FunctionSite, checked: Checked
) -> dict[str, object]:
    return {
        "name": site.name,
        "line": range_of(document, site.def_start, site.header_end, ls.unit).start.line,
        "passed": checked.n_passed,
        "total": checked.n_examples,
        "failures": [
            {"message": one.detail, "line": _line(site, checked, one.failing_line)}
            for one in checked.failures
        ],
    }


def _line(site: FunctionSite, checked: Checked, failing_line: int | None) -> int:
    if failing_line is None:
        return site.def_line
    return failing_line - 1 - checked.first_line + site.first_line


def ghosts(
    ls: AtlasServer, params: types.InlineCompletionParams
) -> list[types.InlineCompletionItem]:
    """The verified body of the stub that the cursor is in, as text to accept with a key."""
    uri, line = params.text_document.uri, params.position.line
    if not ls.settings(uri).ghost_text or not ls.settings(uri).trusted:
        return []
    document = ls.buffer(uri).document
    found = []
    for (where, _), result in list(ls.results.items()):
        if where != uri or not result.solution.is_good or result.answers:
            continue
        fitting = fit(result, document)
        if isinstance(fitting, Misfit) or len(fitting.edits) != 1:
            continue
        (edit,) = lsp_edits(document, fitting, ls.unit)
        if (shown := _shown_at(document, edit, line, ls.unit)) is not None:
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


def adopt(ls: AtlasServer, uri: str) -> None:
    """Results of a file that was renamed go with its functions into the one that was opened."""
    strays = [key for key in ls.results if not ls.buffers.is_open(key[0])]
    for key in strays:
        if fits_in(ls, ls.results[key], uri):
            ls.results[uri, key[1]] = ls.results.pop(key)
            if key in ls.records:
                ls.records[uri, key[1]] = ls.records.pop(key)


def home_of(ls: AtlasServer, key: Key, result: JobResult) -> Key:
    """Where the function is now that its job has ended: its file may have been renamed."""
    if ls.buffers.is_open(key[0]):
        return key
    others = [uri for uri in ls.buffers.text_documents if ls.buffers.is_open(uri)]
    return next(((uri, key[1]) for uri in others if fits_in(ls, result, uri)), key)


def fits_in(ls: AtlasServer, result: JobResult, uri: str) -> bool:
    try:
        document = ls.buffer(uri).document
    except OSError:
        return False
    return not isinstance(same_function(result.site, document), Misfit)


def closed(ls: AtlasServer, key: Key) -> str:
    """That its file is closed, and where the result is; empty while it is open."""
    if ls.buffers.is_open(key[0]):
        return ""
    record = ls.records.get(key)
    kept = f"; its diff is kept as {record.diff}" if record else ""
    return f"`{key[1]}`: its file was closed{kept}"
