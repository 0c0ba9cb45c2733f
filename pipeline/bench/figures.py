"""Scored runs as tables: rates with intervals, ceilings, costs and paired tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from statistics import fmean

from pipeline.bench.records import BenchError, Cell, Json, RunFolder, read_object, read_rows
from pipeline.bench.statistics import (
    Interval,
    Paired,
    aurc,
    brier,
    calibration_bins,
    clopper_pearson,
    ece,
    paired,
    risk_coverage,
    wilson,
)

ALL = "all"
PROMISED = ("verified", "consistent")
FAULT, DROPPED = "fault", "dropped"
"""How a row says that nobody could judge it; a mark for inputs on which the reference fails."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One scored cell with what it cost."""

    task_id: str
    part: str
    condition: str
    seed: int
    passed: bool
    oracle: bool
    v_pass: bool
    status: str
    probability: float | None
    n_candidates: int
    n_behaviours: int
    first_failure: str | None
    tokens: int
    wall_share_s: float
    model_s: float
    sandbox_runs: int
    energy_j: float | None
    marks: Mapping[str, float] = field(default_factory=dict)
    """What else the suite counts: `base`, `strict`, `steps`, `first try`."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    rate: float
    interval: Interval
    n: int
    """Tasks; several seeds of a task count once, by their mean."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One condition on one part of a suite."""

    condition: str
    part: str
    n_tasks: int
    pass_at_1: Rate
    oracle: Rate
    """Ceiling: some candidate is right, repaired ones left out."""
    v_pass: Rate
    """Ceiling: some attempt of all is right, the original's pass@1-v(k)."""
    n_candidates: float
    n_behaviours: float
    tokens: float
    tokens_per_solved: float | None
    seconds: float
    """Of the run's wall clock, per task."""
    seconds_per_solved: float | None
    model_s: float
    """Waited for the model, the queue of other tasks included."""
    sandbox_runs: float
    energy_j: float | None
    energy_per_solved_j: float | None
    marks: Mapping[str, Rate] = field(default_factory=dict)
    """By mark, over the tasks that have it; a task without an answer counts as 0."""
    n_faults: int = 0


@dataclass(frozen=True, kw_only=True)
class Comparison:
    first: str
    second: str
    part: str
    test: Paired


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Where a condition gave probabilities: how far they can be trusted."""

    condition: str
    n: int
    ece: float
    brier: float
    aurc: float
    bins: tuple[tuple[float, float, int], ...]
    risk_coverage: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Of what a condition called verified or consistent, how much was right."""

    condition: str
    status: str
    n: int
    n_right: int
    interval: Interval
    """Clopper-Pearson."""


@dataclass(frozen=True, kw_only=True)
class Results:
    runs: tuple[Json, ...]
    summaries: tuple[Summary, ...]
    comparisons: tuple[Comparison, ...]
    calibrations: tuple[Calibration, ...] = ()
    precisions: tuple[Precision, ...] = ()
    matched: Json | None = None
    """The plain-sample condition whose mean tokens are nearest to the last of the ladder's."""
    rows: tuple[Row, ...] = field(default=(), repr=False)

    def has(self, condition: str, part: str) -> bool:
        """Runs of several suites need not have a part in common."""
        return any((s.condition, s.part) == (condition, part) for s in self.summaries)

    def of(self, condition: str, part: str = ALL) -> Summary:
        return next(s for s in self.summaries if (s.condition, s.part) == (condition, part))

    @property
    def conditions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.condition for s in self.summaries))

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.part for s in self.summaries))


def load(folders: Sequence[Path]) -> Results:
    """The results of one or more scored runs; conditions of several are told apart by folder.

    Raises BenchError for a folder that is no scored run.
    """
    runs, rows = [], []
    for path, prefix in zip(folders, _prefixes(folders), strict=True):
        folder = RunFolder(path)
        runs.append(_run_of(folder) | {"prefix": prefix})
        rows += [_row(folder, record, prefix) for _, record in read_rows(folder.scores)]
    if not rows:
        raise BenchError("there is nothing to report: the runs hold no scored answer")
    return results_of(rows, runs)


def _prefixes(folders: Sequence[Path]) -> list[str]:
    """What conditions begin with: the name of their folder, or its path where two share a name."""
    if len(folders) == 1:
        return [""]
    names = [path.name for path in folders]
    are_unique = len(set(names)) == len(names)
    return [f"{path.name if are_unique else path}:" for path in folders]


def _run_of(folder: RunFolder) -> Json:
    if not folder.run.exists():
        raise BenchError(f"{folder.root} is no run folder; `atlas bench run` makes one")
    if not folder.scores.exists():
        raise BenchError(f"{folder.root} is not scored yet; run `atlas bench run` again to go on")
    return read_object(folder.run) | {"folder": str(folder.root)}


def _row(folder: RunFolder, record: Json, prefix: str) -> Row:
    cell = Cell(task_id=record["task_id"], condition=record["condition"], seed=record["seed"])
    cost = read_object(folder.cost(cell))
    ledger = cost["ledger"]
    return Row(
        **record | {"condition": prefix + record["condition"], "part": record["part"] or "tasks"},
        tokens=ledger["generated_tokens"],
        wall_share_s=cost["wall_share_s"],
        model_s=ledger["model_s"],
        sandbox_runs=ledger["sandbox_runs"],
        energy_j=cost.get("energy_share_j"),
    )


def results_of(rows: Sequence[Row], runs: Sequence[Json] = ()) -> Results:
    """Everything that the report shows."""
    conditions = tuple(dict.fromkeys(row.condition for row in sorted(rows, key=_in_order)))
    parts = tuple(dict.fromkeys(row.part for row in rows))
    shown = (ALL, *parts) if len(parts) > 1 else (ALL,)
    table = {
        (condition, part): [
            row for row in rows if row.condition == condition and part in (ALL, row.part)
        ]
        for condition in conditions
        for part in shown
    }
    summaries = [_summary(*key, chosen) for key, chosen in table.items() if chosen]
    return Results(
        runs=tuple(runs),
        summaries=tuple(summaries),
        comparisons=tuple(_comparisons(table, conditions, shown)),
        calibrations=tuple(_calibrations(table, conditions)),
        precisions=tuple(_precisions(table, conditions)),
        matched=_matched(summaries),
        rows=tuple(rows),
    )


def _in_order(row: Row) -> tuple[int, str]:
    return _rank(row.condition), row.condition


def _rank(condition: str) -> int:
    return "ABCDRE".find(condition.rpartition(":")[2][0])


def _summary(condition: str, part: str, rows: Sequence[Row]) -> Summary:
    solved = sum(row.passed for row in rows)
    energies = [row.energy_j for row in rows if row.energy_j is not None]
    energy = sum(energies) if len(energies) == len(rows) else None
    return Summary(
        condition=condition,
        part=part,
        n_tasks=len({row.task_id for row in rows}),
        pass_at_1=_rate(rows, "passed"),
        oracle=_rate(rows, "oracle"),
        v_pass=_rate(rows, "v_pass"),
        n_candidates=fmean(row.n_candidates for row in rows),
        n_behaviours=fmean(row.n_behaviours for row in rows),
        tokens=fmean(row.tokens for row in rows),
        tokens_per_solved=_per(sum(row.tokens for row in rows), solved),
        seconds=fmean(row.wall_share_s for row in rows),
        seconds_per_solved=_per(sum(row.wall_share_s for row in rows), solved),
        model_s=fmean(row.model_s for row in rows),
        sandbox_runs=fmean(row.sandbox_runs for row in rows),
        energy_j=energy / len(rows) if energy is not None else None,
        energy_per_solved_j=_per(energy, solved) if energy is not None else None,
        marks=_mark_rates(rows),
        n_faults=sum(row.first_failure == FAULT for row in rows),
    )


def _per(total: float, solved: int) -> float | None:
    return total / solved if solved else None


def _by_task(rows: Iterable[Row], what: str) -> dict[str, float]:
    return _means((row.task_id, getattr(row, what)) for row in rows)


def _means(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for task_id, value in pairs:
        values[task_id].append(value)
    return {task_id: fmean(one) for task_id, one in values.items()}


def _rate(rows: Sequence[Row], what: str) -> Rate:
    return _rate_of(_by_task(rows, what))


def _rate_of(means: Mapping[str, float]) -> Rate:
    n, total = len(means), sum(means.values())
    return Rate(rate=total / n, interval=wilson(total, n), n=n)


def _mark_rates(rows: Sequence[Row]) -> dict[str, Rate]:
    marks = dict.fromkeys(mark for row in rows for mark in row.marks if mark != DROPPED)
    return {
        mark: _rate_of(_means((row.task_id, row.marks.get(mark, 0.0)) for row in rows))
        for mark in marks
    }


def _comparisons(
    table: Mapping[tuple[str, str], Sequence[Row]], conditions: Sequence[str], parts: Sequence[str]
) -> Iterable[Comparison]:
    for part in parts:
        for first, second in combinations(conditions, 2):
            a = _by_task(table[first, part], "passed")
            b = _by_task(table[second, part], "passed")
            common = [task_id for task_id in a if task_id in b]
            if common:
                test = paired([a[t] for t in common], [b[t] for t in common])
                yield Comparison(first=first, second=second, part=part, test=test)


def _calibrations(
    table: Mapping[tuple[str, str], Sequence[Row]], conditions: Sequence[str]
) -> Iterable[Calibration]:
    for condition in conditions:
        known = [
            (row.probability, row.passed)
            for row in table[condition, ALL]
            if row.probability is not None
        ]
        if known:
            probabilities, right = [p for p, _ in known], [r for _, r in known]
            curve = risk_coverage(probabilities, right)
            bins = calibration_bins(probabilities, right)
            yield Calibration(
                condition=condition,
                n=len(known),
                ece=ece(probabilities, right),
                brier=brier(probabilities, right),
                aurc=aurc(curve),
                bins=tuple((one.mean_probability, one.rate, one.n) for one in bins),
                risk_coverage=curve,
            )


def _precisions(
    table: Mapping[tuple[str, str], Sequence[Row]], conditions: Sequence[str]
) -> Iterable[Precision]:
    for condition in conditions:
        for status in PROMISED:
            rows = [row for row in table[condition, ALL] if row.status == status]
            if rows:
                n_right = sum(row.passed for row in rows)
                yield Precision(
                    condition=condition,
                    status=status,
                    n=len(rows),
                    n_right=n_right,
                    interval=clopper_pearson(n_right, len(rows)),
                )


def _matched(summaries: Sequence[Summary]) -> Json | None:
    whole = [one for one in summaries if one.part == ALL]
    plain = [one for one in whole if _is_plain(one.condition)]
    others = [one for one in whole if not _is_plain(one.condition)]
    if not plain or not others:
        return None
    last = max(others, key=lambda one: _rank(one.condition))
    nearest = min(plain, key=lambda one: abs(one.tokens - last.tokens))
    return {
        "condition": last.condition,
        "baseline": nearest.condition,
        "tokens": last.tokens,
        "baseline_tokens": nearest.tokens,
        "pass_at_1": last.pass_at_1.rate,
        "baseline_pass_at_1": nearest.pass_at_1.rate,
    }


def _is_plain(condition: str) -> bool:
    return condition.rpartition(":")[2].startswith("R")


def as_json(results: Results) -> Json:
    """The whole report but the single cells."""
    document = asdict(results)
    del document["rows"]
    return document
