"""The scores of planted bugs, as a table and as a JSON document."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from benchmarks.seeded.bugs import FOREIGN
from benchmarks.seeded.trial import Score
from pipeline.bench.statistics import wilson


def as_document(scores: Sequence[Score]) -> dict[str, object]:
    packages = list(dict.fromkeys(score.package for score in scores))
    rows = {name: row([s for s in scores if s.package == name]) for name in packages}
    return {
        "packages": rows,
        "all": row(scores),
        "kinds": dict(Counter(s.kind for s in scores)),
        "of kinds that no small edit takes back": row([s for s in scores if s.kind in FOREIGN]),
        "scores": [asdict(s) for s in scores],
    }


def row(scores: Sequence[Score]) -> dict[str, object]:
    verified = [s for s in scores if s.is_verified]
    ranks = [s.rank for s in scores if s.rank is not None]
    return {
        "n": len(scores),
        "fixed": rate(sum(s.is_right for s in scores), len(scores)),
        "verified": rate(len(verified), len(scores)),
        "precision of verified": rate(sum(s.is_right for s in verified), len(verified)),
        "verified edits that break a test": sum(s.n_broken > 0 for s in verified),
        "median seconds": statistics.median([s.seconds for s in scores]) if scores else None,
        "mean tokens": round(statistics.fmean([s.tokens for s in scores]), 1) if scores else None,
        **(_ranks(ranks, len(scores)) if ranks else {}),
    }


def _ranks(ranks: Sequence[int], n: int) -> Mapping[str, object]:
    return {
        "right function first": rate(sum(r == 1 for r in ranks), n),
        "right function among three": rate(sum(r <= 3 for r in ranks), n),
    }


def rate(k: int, n: int) -> dict[str, float | int | None]:
    interval = wilson(k, n)
    return {
        "k": k,
        "n": n,
        "percent": round(100 * k / n, 1) if n else None,
        "low": round(100 * interval.low, 1),
        "high": round(100 * interval.high, 1),
    }


def as_text(scores: Sequence[Score]) -> str:
    document = as_document(scores)
    rows = document["packages"]
    assert isinstance(rows, dict)
    lines = []
    for name, one in {**rows, "all": document["all"]}.items():
        assert isinstance(one, dict)
        told = ", ".join(f"{what} {_told(value)}" for what, value in one.items())
        lines.append(f"{name}: {told}")
    return "\n".join(lines)


def _told(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['k']} of {value['n']} [{value['low']}, {value['high']}]"
    return str(value)
