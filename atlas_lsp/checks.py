"""Failing examples and tests as diagnostics, found by running them in the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from lsprotocol import types

from atlas_lsp.actions import SOURCE
from atlas_lsp.desk import Desk
from atlas_lsp.documents import range_of
from atlas_lsp.orders import Checked, CheckOrder
from pipeline.models.api import ModelError
from pipeline.source.locate import FunctionSite, functions
from pipeline.syntax.text import Document, SourceError, Unit
from sandbox.api import SandboxError

SETTLED_S = 0.3
"""Typing has paused for so long before diagnostics are moved to where their functions went."""


async def check(desk: Desk) -> None:
    """Run the examples of every function that has a body, and show those that fail."""
    settings = desk.settings
    if not settings.trusted:
        return
    try:
        document = desk.text.document
        names = tuple(site.name for site in functions(document) if not site.is_stub)
        found = await desk.run(CheckOrder(document=document, settings=settings, names=names))
    except SourceError:
        return
    except (ModelError, SandboxError, OSError) as exc:
        desk.complain(f"the examples cannot be run: {exc}")
        return
    show(desk, found)


def show(desk: Desk, found: Iterable[Checked]) -> None:
    """What the examples showed, as diagnostics and lenses."""
    desk.checked = {one.name: one for one in found}
    publish(desk)
    desk.window.refresh_lenses()


async def settle(desk: Desk) -> None:
    """After a pause in typing, show what still holds."""
    await asyncio.sleep(SETTLED_S)
    publish(desk)


def publish(desk: Desk) -> None:
    """Show the failures of functions that did not change since they ran; forget the others."""
    seen = desk.now
    if seen is None:
        return
    try:
        sites = {site.name: site for site in functions(seen.document)}
    except SourceError:
        return
    kept = {
        name: one
        for name, one in seen.checked.items()
        if name in sites and sites[name].source_hash == one.source_hash
    }
    desk.checked = kept
    found = [
        diagnostic
        for name, one in kept.items()
        for diagnostic in diagnostics(seen.unit, seen.document, sites[name], one)
    ]
    desk.window.publish(seen.uri, each_once(seen.document, found), seen.text.version)


def forget(desk: Desk) -> None:
    """The file was closed: nothing is shown for it."""
    if desk.checked:
        desk.checked = {}
        desk.window.publish(desk.uri, [])


def each_once(document: Document, found: list[types.Diagnostic]) -> list[types.Diagnostic]:
    """An example of a class fails for each of its methods: it is shown once, for the one in it."""
    kept: dict[tuple[int, str], types.Diagnostic] = {}
    for one in found:
        line = one.range.start.line
        place = (line, one.message)
        text = document.text[document.line_starts[line] : document.line_end(line)]
        name = one.data["function"] if isinstance(one.data, dict) else ""
        if place not in kept or f".{name.rpartition('.')[2]}(" in text:
            kept[place] = one
    return list(kept.values())


def diagnostics(
    unit: Unit, document: Document, site: FunctionSite, checked: Checked
) -> Iterator[types.Diagnostic]:
    """One per failing example, at its line where that is known, and one per failing test function
    of the project, at the header.
    """
    for verdict in checked.failures:
        start, end = site.def_start, site.header_end
        if verdict.failing_line:
            line = verdict.failing_line - 1 - checked.first_line + site.first_line
            if 0 <= line < len(document.line_starts):
                start, end = document.line_starts[line], document.line_end(line)
                start += len(document.text[start:end]) - len(document.text[start:end].lstrip())
        place = range_of(document, start, end, unit)
        yield _warning(place, f"{verdict.detail} ({checked.told})", "doctest", site)
    place = range_of(document, site.def_start, site.header_end, unit)
    by_test = {test.node_id.partition("[")[0]: test for test in reversed(checked.failed_tests)}
    for node_id, test in reversed(by_test.items()):
        message = f"{node_id}: {' '.join(test.message.split())} ({checked.told})"
        yield _warning(place, message, "pytest", site)


def _warning(place: types.Range, message: str, code: str, site: FunctionSite) -> types.Diagnostic:
    return types.Diagnostic(
        range=place,
        message=message,
        severity=types.DiagnosticSeverity.Warning,
        source=SOURCE,
        code=code,
        data={"function": site.name},
    )
