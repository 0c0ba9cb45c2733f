"""Run a kept result again, with the text, the seed and the model it was made with, and compare."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from atlas_lsp.cards import Record
from atlas_lsp.desk import Desk
from atlas_lsp.jobs import ServerJob
from atlas_lsp.orders import SolveOrder
from atlas_lsp.progress import JobProgress
from atlas_lsp.settings import checked, settings_from
from pipeline.models.api import ModelError
from pipeline.summary import as_json
from pipeline.syntax.text import Document, SourceError
from sandbox.api import SandboxError


def replay(desk: Desk, record_id: str) -> dict[str, str]:
    """Start it as a job of its own; the comparison comes as a message."""
    record = desk.history.find(record_id)
    if record is None:
        desk.window.say(f"no kept result {record_id!r}; `atlas.history` lists them")
        return {"error": "unknown"}
    if not desk.settings.trusted:
        return {"error": "untrusted"}
    kept = desk.of(record.folder.as_uri())
    job = kept.start("replay", record.record_id, lambda job: _run(desk, job, record))
    return {"jobId": job.job_id}


async def _run(desk: Desk, job: ServerJob, record: Record) -> None:
    progress = desk.window.progress(f"Atlas: replay {record.record_id}")
    job.token = progress.token
    beginning = asyncio.create_task(progress.begin())
    said = "cancelled"
    try:
        before, order = await asyncio.to_thread(
            _recorded, desk.settings.sandbox, job, record, progress
        )
        async with desk.jobs.turn(job):
            result = await desk.run(order)
        made = [result, *(one for _, one in result.answers)]
        found = [as_json(one) for one in made]
        same = [one for one in found if one["code"] == before["code"]]
        said = compare(before, (same or found)[0])
        desk.window.say(f"{record.record_id}: {said}")
    except (SourceError, ModelError, SandboxError, OSError) as exc:
        said = str(exc)
        desk.window.say(said, types.MessageType.Error)
    finally:
        beginning.cancel()
        progress.end(said)


def _recorded(
    sandbox: str, job: ServerJob, record: Record, progress: JobProgress
) -> tuple[dict[str, Any], SolveOrder]:
    """What was said then, and the order to do it again. Raises SourceError, OSError."""
    try:
        before, source = record.load(), record.source()
        request = before["request"]
        good, _ = checked(request["settings"], "client", "the record")
        order = SolveOrder(
            document=Document(text=source, path=request["path"]),
            name=request["function"],
            settings=settings_from(good, {"sandbox": sandbox}),
            emit=lambda event: progress.report(getattr(event, "message", "") or "working"),
            keep_best=job.keep_best,
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise SourceError(f"{record.folder} cannot be read; ask for a newer result") from exc
    return before, order


def compare(before: dict[str, Any], after: dict[str, Any]) -> str:
    """`the same code and the same status`, or what differs."""
    differs = [key for key in ("code", "status", "tests") if before.get(key) != after.get(key)]
    other_model = before["model"]["sha256"] != after["model"]["sha256"]
    if not differs:
        return "the same code, the same status, the same tests"
    why = "; the model is another one" if other_model else ""
    return f"not the same: {', '.join(differs)} differ{why}"
