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
from atlas_lsp.jobs import Key, ServerJob
from atlas_lsp.offers import offer
from atlas_lsp.orders import SolveOrder, TestsOrder
from atlas_lsp.progress import JobProgress
from atlas_lsp.proposals import headline as proposal_headline
from atlas_lsp.proposals import tell
from atlas_lsp.results import closed, hand_over, home_of, tell_proposed
from atlas_lsp.state import AtlasServer
from pipeline.models.api import ModelError
from pipeline.syntax.text import SourceError
from sandbox.api import SandboxError

if TYPE_CHECKING:
    from pipeline.core.events import Event
    from pipeline.job import JobResult

TESTS = "tests"
log = logging.getLogger(__name__)


def start(
    ls: AtlasServer, verb: str, key: Key, instead: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Start a job beside the loop and answer at once with its id.

    `instead` are settings for this job alone.
    """
    if not ls.settings(key[0]).trusted:
        ls.window.say("this workspace is not trusted, so nothing is run", types.MessageType.Warning)
        return {"error": "untrusted"}
    job = ls.jobs.start(
        key, verb, lambda job: run(ls, job, instead or {}), request_id=ls.protocol.msg_id
    )
    if job.task:
        job.task.add_done_callback(ls.report_failure)
    for other in ls.jobs.waiting:
        log.debug("%s waits behind %d", other.job_id, ls.jobs.n_before(other))
    return {"jobId": job.job_id}


def title_of(job: ServerJob) -> str:
    return f"tests for {job.key[1]}" if job.verb == TESTS else f"{job.verb} {job.key[1]}"


async def run(ls: AtlasServer, job: ServerJob, instead: Mapping[str, Any]) -> None:
    progress = JobProgress(ls, f"Atlas: {title_of(job)}", is_wanted=ls.client.can_show_progress)
    job.token = progress.token
    beginning = asyncio.create_task(progress.begin())
    waiting = asyncio.create_task(_show_queue(ls, job, progress))
    said = "cancelled"
    try:
        async with ls.jobs.turn(job):
            waiting.cancel()
            # The text as it is when the job's turn comes.
            document = ls.buffer(job.key[0]).document
            settings = replace(ls.settings(job.key[0]), **instead)
            emit = partial(_show_event, job, progress)
            if job.verb == TESTS:
                tests = TestsOrder(document=document, name=job.key[1], settings=settings, emit=emit)
                said = await _propose(ls, job.key, tests)
                return
            order = SolveOrder(
                document=document,
                name=job.key[1],
                settings=settings,
                emit=emit,
                keep_best=job.keep_best,
            )
            result = await ls.solver.run(order)
        said = headline(result)
        key = home_of(ls, job.key, result)
        await ls.keep(key, result)
        _bring(ls, key, result, _limit(job, order, result))
    except (SourceError, ModelError, SandboxError, OSError) as exc:
        said = str(exc)
        ls.window.say(said, types.MessageType.Error)
    finally:
        waiting.cancel()
        beginning.cancel()
        progress.end(said)


def _bring(ls: AtlasServer, key: Key, result: JobResult, limit: str) -> None:
    """To the user, in the way that the client and the settings allow."""
    if gone := closed(ls, key):
        ls.window.say(gone)
    elif ls.client.manners.takes_results:
        ls.spawn(hand_over(ls, key, result, limit))
    else:
        if limit:
            ls.window.say(f"`{key[1]}`: {limit}")
        ls.spawn(offer(ls, key, result))


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


async def _propose(ls: AtlasServer, key: Key, order: TestsOrder) -> str:
    if order.settings.tests == "auto" and not ls.client.can_create_files:
        order = replace(order, settings=replace(order.settings, tests="doctest"))
    proposed = await ls.solver.run(order)
    ls.proposals[key] = proposed
    if ls.client.manners.takes_results:
        said = proposal_headline(proposed)
        tell_proposed(ls, key, proposed, said)
        return said
    return tell(ls.window, proposed)


def _show_event(job: ServerJob, progress: JobProgress, event: Event) -> None:
    message = getattr(event, "message", None)
    if message:
        job.message = message
        done, total = getattr(event, "done", None), getattr(event, "total", None)
        progress.report(message, done=done, total=total)


async def _show_queue(ls: AtlasServer, job: ServerJob, progress: JobProgress) -> None:
    shown = -1
    while True:
        n = ls.jobs.n_before(job)
        if n != shown:
            shown = n
            job.message = f"waiting, {n} before it" if n else "starting"
            progress.report(job.message)
        await asyncio.sleep(0.3)
