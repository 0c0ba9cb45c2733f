"""The word for what was found; nobody else decides it, for jobs, pools and benchmarks."""

from __future__ import annotations

from pipeline.core.task import CONSISTENT_AT, Judged, Status


def status_of(
    *,
    has_tests: bool,
    passes: bool,
    can_prove: bool = True,
    doubt: str = "",
    is_harmless: bool = True,
    probability: float | None = None,
    consistent_at: float = CONSISTENT_AT,
) -> Status:
    """`verified` only for what passed every visible test twice, with different hash seeds, in a
    form that can prove it, and of which nothing else is doubted; `consistent` only where there was
    no visible test. `passes` means: each of them, twice; no evidence is no pass. Neither for what
    could do more than the function could before: the values do not show that.
    """
    if not is_harmless:
        return Status.UNVERIFIED
    if has_tests and passes and can_prove and not doubt:
        return Status.VERIFIED
    sure = probability is not None and probability >= consistent_at
    return Status.CONSISTENT if not has_tests and sure else Status.UNVERIFIED


def status_of_judged(
    best: Judged | None, probability: float | None = None, consistent_at: float = CONSISTENT_AT
) -> Status:
    """The word for a candidate of a job; `none` where there is none."""
    if best is None:
        return Status.NONE
    return status_of(
        has_tests=bool(best.visible),
        passes=best.passes,
        can_prove=best.can_prove,
        doubt=best.candidate.doubt,
        is_harmless=best.is_harmless,
        probability=probability,
        consistent_at=consistent_at,
    )
