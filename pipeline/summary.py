"""A finished job as JSON and as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.core.task import Judged, Solution
from pipeline.core.wording import many
from pipeline.models.api import ModelInfo
from pipeline.running.judge import first_failure
from sandbox.api import Verdict

if TYPE_CHECKING:
    from pipeline.job import JobResult


def as_json(result: JobResult) -> dict[str, Any]:
    """The document of `atlas solve --json`; every field from what really happened."""
    solution, made_with = result.solution, result.made_with
    return {
        "status": str(solution.status),
        "function": result.site.name,
        "diff": result.diff,
        "code": solution.chosen.candidate.code if solution.chosen else None,
        "tests": tests_json(solution.chosen),
        "probability": solution.probability,
        "evidence": list(solution.evidence),
        "rejected": [rejected_json(one) for one in solution.rejected],
        "ledger": solution.ledger.as_json() if solution.ledger else {},
        "stages": list(solution.stages),
        "model": model_json(made_with.model),
        "sandbox": {"kind": made_with.sandbox, "isolation": list(made_with.isolation)},
        "seed": solution.seed,
    }


def tests_json(chosen: Judged | None) -> dict[str, dict[str, int]]:
    visible = chosen.visible if chosen else ()
    own = chosen.own if chosen else ()
    return {"visible": counts(visible), "self": counts(own)}


def counts(verdicts: Sequence[Verdict]) -> dict[str, int]:
    return {
        "passed": sum(v.passed_examples for v in verdicts),
        "total": sum(v.n_examples for v in verdicts),
    }


def rejected_json(judged: Judged) -> dict[str, object]:
    failure = first_failure(judged)
    return {
        "origin": judged.candidate.origin,
        "passed": judged.n_passed,
        "total": judged.n_visible,
        "why": failure.detail if failure else "another candidate was preferred",
    }


def model_json(info: ModelInfo) -> dict[str, str]:
    return {"name": info.name, "sha256": info.sha256, "backend": info.backend}


def summary(solution: Solution, function: str) -> str:
    """Lines for stderr: the status, the evidence, the cost."""
    lines = [f"{function}: {solution.status}", *(f"  {line}" for line in solution.evidence)]
    ledger = solution.ledger
    if ledger:
        tokens, calls = many(ledger.generated_tokens, "token"), many(ledger.model_calls, "call")
        lines.append(
            f"  cost: {tokens} in {calls}, "
            f"{ledger.sandbox_runs} sandbox runs, {ledger.wall_s:.1f} s"
        )
    return "\n".join(lines)
