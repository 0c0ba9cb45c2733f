"""Finished results of an earlier server, from the history: they wait until taken or discarded.

What cannot be read is passed over: it stays in the history for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from atlas_lsp.cards import History, Record
from atlas_lsp.fits import Misfit, same_function
from pipeline.core.ledger import Ledger
from pipeline.core.task import Candidate, Judged, Origin, Solution, Status
from pipeline.source.edit import splice
from pipeline.source.locate import FunctionNotFound, find_function
from pipeline.syntax.text import Document, SourceError
from sandbox.api import Observation, Outcome, Proof, Verdict, VerdictKind

if TYPE_CHECKING:
    from pipeline.job import JobResult

N_NEWEST = 20
"""Records that are looked at: each is a file to read when one opens a source file."""


def returned(history: History, uri: str, now: Document) -> Iterator[tuple[str, Record, JobResult]]:
    """By function, the newest kept result where the function is still as it was."""
    seen: set[str] = set()
    for record in reversed(history.records()[-N_NEWEST:]):
        try:
            document = record.load()
            request = document["request"]
            name = request["function"]
            if request["uri"] != uri or name in seen:
                continue
            seen.add(name)
            if document["code"] is None or record.is_discarded:
                continue
            result = _result(document, Document(text=record.source(), path=request["path"]))
        except (OSError, ValueError, KeyError, TypeError, FunctionNotFound, SourceError):
            continue
        if not isinstance(same_function(result.site, now), Misfit):
            yield name, record, result


def _result(kept: dict[str, Any], document: Document) -> JobResult:
    """As it was told; the task is found anew before an edit is sent."""
    from pipeline.job import JobResult, MadeWith
    from pipeline.models.api import ModelInfo
    from pipeline.source.from_file import task_from_file

    request, model, sandbox = kept["request"], kept["model"], kept["sandbox"]
    site = find_function(document, request["function"])
    candidate = Candidate(
        code=kept["code"], origin=Origin(request["origin"]), imports=tuple(request["imports"])
    )
    tests = kept["tests"]
    chosen = Judged(
        candidate=candidate, visible=_counts(tests["visible"]), own=_counts(tests["self"])
    )
    known = {one.name for one in fields(Ledger)}
    solution = Solution(
        task_id=request["function"],
        status=Status(kept["status"]),
        chosen=chosen,
        probability=kept["probability"],
        evidence=tuple(kept["evidence"]),
        stages=tuple(kept["stages"]),
        seed=kept["seed"],
        ledger=Ledger(**{key: one for key, one in kept["ledger"].items() if key in known}),
    )
    return JobResult(
        document=document,
        site=site,
        task=task_from_file(document, site),
        solution=solution,
        new_text=splice(document, site, candidate.code, candidate.imports),
        diff=kept["diff"],
        is_kept=True,
        made_with=MadeWith(
            model=ModelInfo(**model), sandbox=sandbox["kind"], isolation=tuple(sandbox["isolation"])
        ),
    )


def _counts(told: dict[str, int]) -> tuple[Verdict, ...]:
    """What was counted, as one verdict."""
    if not told["total"]:
        return ()
    kind = VerdictKind.PASS if told["passed"] == told["total"] else VerdictKind.WRONG_ANSWER
    return (
        Verdict(
            test_id="kept",
            kind=kind,
            proof=Proof.VALUES,
            detail="",
            observation=Observation(outcome=Outcome.RETURNED),
            passed_examples=told["passed"],
            n_examples=told["total"],
        ),
    )
