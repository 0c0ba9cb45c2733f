"""One job from its first sign of progress to its offer; every end is told exactly once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from atlas_lsp.cards import headline
from atlas_lsp.desk import Desk
from atlas_lsp.jobs import JobTable, ServerJob
from atlas_lsp.offers import offer
from atlas_lsp.orders import BlameOrder, SolveOrder, TestsOrder
from atlas_lsp.progress import JobProgress
from atlas_lsp.proposals import headline as proposal_headline
from atlas_lsp.proposals import tell
from atlas_lsp.results import hand_over, tell_failed, tell_proposed
from pipeline.models.api import ModelError
from pipeline.syntax.text import SourceError
from sandbox.api import SandboxError

if TYPE_CHECKING:
    from pipeline.core.events import Event
    from pipeline.job import JobResult

TESTS, TESTED = "tests", "tested"
"""Make tests of a function; repair what a test function tests."""
log = logging.getLogger(__name__)


def start(
    desk: Desk,
    verb: str,
    name: str,
    instead: Mapping[str, Any] | None = None,
    *,
    besides: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """Start a job beside the loop and answer at once with its id.

    `instead` are settings for this job alone, `besides` tests of the project that do not judge it.
    """
    if not desk.settings.trusted:
        desk.window.say(
            "this workspace is not trusted, so nothing is run", types.MessageType.Warning
        )
        return {"error": "untrusted"}
    job = desk.start(verb, name, lambda job: run(desk, job, instead or {}, besides))
    for other in desk.jobs.waiting:
        log.debug("%s waits behind %d", other.job_id, desk.jobs.n_before(other))
    return {"jobId": job.job_id}


def title_of(job: ServerJob) -> str:
    said = {TESTS: "tests for", TESTED: "repair what is tested by"}.get(job.verb, job.verb)
    return f"{said} {job.key[1]}"


async def run(
    desk: Desk, job: ServerJob, instead: Mapping[str, Any], besides: frozenset[str] = frozenset()
) -> None:
    name = job.key[1]
    progress = desk.window.progress(f"Atlas: {title_of(job)}")
    job.token = progress.token
    beginning = asyncio.create_task(progress.begin())
    waiting = asyncio.create_task(_show_queue(desk.jobs, job, progress))
    said = "cancelled"
    try:
        async with desk.jobs.turn(job):
            waiting.cancel()
            # The text as it is when the job's turn comes.
            document = desk.text.document
            settings = replace(desk.settings, **instead)
            emit = partial(_show_event, job, progress)
            if job.verb == TESTS:
                tests = TestsOrder(document=document, name=name, settings=settings, emit=emit)
                said = await _propose(desk, name, tests)
                return
            if job.verb == TESTED:
                blame = BlameOrder(document=document, name=name, settings=settings, emit=emit)
                said = await _repair_blamed(desk, name, blame)
                return
            order = SolveOrder(
                document=document,
                name=name,
                settings=settings,
                besides=besides,
                emit=emit,
                keep_best=job.keep_best,
            )
            result = await desk.run(order)
        said = headline(result)
        home = desk.home_of(name, result)
        await home.keep(name, result)
        _bring(home, name, result, _limit(job, order, result))
    except (SourceError, ModelError, SandboxError, OSError) as exc:
        said = str(exc)
        if desk.client.manners.takes_results:
            tell_failed(desk, job, said)
        else:
            desk.window.say(said, types.MessageType.Error)
    finally:
        waiting.cancel()
        beginning.cancel()
        progress.end(said)


def _bring(desk: Desk, name: str, result: JobResult, limit: str) -> None:
    """To the user, in the way that the client and the settings allow."""
    if not desk.is_open:
        record = desk.record(name)
        kept = f"; its diff is kept as {record.diff}" if record else ""
        desk.window.say(f"`{name}`: its file was closed{kept}")
    elif desk.client.manners.takes_results:
        desk.spawn(hand_over(desk, name, result, limit))
    else:
        if limit:
            desk.window.say(f"`{name}`: {limit}")
        desk.spawn(offer(desk, name, result))


def _limit(job: ServerJob, order: SolveOrder, result: JobResult) -> str:
    """That the time was up, what it was spent on last, and the mend; else empty."""
    solution, limit = result.solution, order.settings.timeout
    spent = solution.ledger.wall_s if solution.ledger else 0.0
    if solution.is_good or spent < limit:
        return ""
    return (
        f"the limit was reached after {limit:g} s at `{job.message}`; "
        "raise `timeout` or take a smaller model"
    )


async def _propose(desk: Desk, name: str, order: TestsOrder) -> str:
    if order.settings.tests == "auto" and not desk.client.can_create_files:
        order = replace(order, settings=replace(order.settings, tests="doctest"))
    proposed = await desk.run(order)
    desk.propose(name, proposed)
    if desk.client.manners.takes_results:
        said = proposal_headline(proposed)
        tell_proposed(desk, name, proposed, said)
        return said
    return tell(desk.window, proposed)


async def _repair_blamed(desk: Desk, name: str, order: BlameOrder) -> str:
    """Start the repair of what the test speaks against most, in its file, which is opened."""
    found = await desk.run(order)
    if isinstance(found, str):
        desk.window.say(found)
        return found
    said = f"`{name}` speaks most against `{found.label}` in {found.path.name}"
    desk.window.say(f"{said}, which is repaired now")
    home = desk.of(desk.uri_of(found.path))
    if not home.is_open:
        await desk.window.show(home.uri, str(found.path))
    start(home, "repair", found.label, besides=found.besides)
    return said


def _show_event(job: ServerJob, progress: JobProgress, event: Event) -> None:
    message = getattr(event, "message", None)
    if message:
        job.message = message
        done, total = getattr(event, "done", None), getattr(event, "total", None)
        progress.report(message, done=done, total=total)


async def _show_queue(jobs: JobTable, job: ServerJob, progress: JobProgress) -> None:
    shown = -1
    while True:
        n = jobs.n_before(job)
        if n != shown:
            shown = n
            job.message = f"waiting, {n} before it" if n else "starting"
            progress.report(job.message)
        await asyncio.sleep(0.3)
