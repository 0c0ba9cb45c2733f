"""What each part of Generate adds on nano-bench, candidates drawn without any test.

`python -m benchmarks.generate --quick --json`. Oracle pass@k is a ceiling: it needs the hidden
tests, which only the scorer's process holds.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from atlas_lsp.cli import main
from atlas_lsp.exits import OK
from pipeline.bench.figures import Results, Summary, load
from pipeline.bench.statistics import paired

CONDITIONS = {
    "single": "A",
    "k = 3 plain": "B-plan_search-div_sampling-thinking",
    "+DivSampling": "B-plan_search-thinking",
    "+PlanSearch": "B-thinking",
    "+thinking": "B",
}
"""Each one adds to the one above it, but `single`, which is greedy."""
PLAIN = "k = 3 plain"
N_QUICK = 30


@dataclass(frozen=True, kw_only=True)
class Line:
    name: str
    condition: str
    oracle: float
    low: float
    high: float
    behaviours: float
    candidates: float
    tokens: float
    oracle_gain: float
    """Over plain sampling, in points, on the same tasks."""
    gain_low: float
    gain_high: float
    p_value: float


def lines_of(results: Results) -> list[Line]:
    return [_line(results, name, condition) for name, condition in CONDITIONS.items()]


def _line(results: Results, name: str, condition: str) -> Line:
    one: Summary = results.of(condition)
    test = paired(_oracle(results, CONDITIONS[PLAIN]), _oracle(results, condition))
    return Line(
        name=name,
        condition=condition,
        oracle=100 * one.oracle.rate,
        low=100 * one.oracle.interval.low,
        high=100 * one.oracle.interval.high,
        behaviours=one.n_behaviours,
        candidates=one.n_candidates,
        tokens=one.tokens,
        oracle_gain=100 * test.difference,
        gain_low=100 * test.interval.low,
        gain_high=100 * test.interval.high,
        p_value=test.p_value,
    )


def _oracle(results: Results, condition: str) -> list[float]:
    rows = sorted(
        (row for row in results.rows if row.condition == condition),
        key=lambda row: (row.task_id, row.seed),
    )
    return [float(row.oracle) for row in rows]


def show(lines: Sequence[Line], n_tasks: int) -> None:
    print(f"nano-bench, {n_tasks} tasks; oracle pass@k is a ceiling, with 95 % Wilson interval")
    head = f"{'':<14}{'oracle pass@k':>22}{'behaviours':>12}{'tokens':>9}  against k = 3 plain"
    print(head)
    for line in lines:
        rate = f"{line.oracle:.1f} [{line.low:.1f}, {line.high:.1f}]"
        gain = (
            f"{line.oracle_gain:+.1f} [{line.gain_low:+.1f}, {line.gain_high:+.1f}],"
            f" p {line.p_value:.3f}"
        )
        print(f"{line.name:<14}{rate:>22}{line.behaviours:>12.2f}{line.tokens:>9.0f}  {gain}")


def run(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    folder = args.out or Path(tempfile.mkdtemp(prefix="atlas-generate-"))
    flags = ["--limit", str(N_QUICK)] if args.quick else []
    flags += ["--parts", "seen,composed,unseen", "--k", "3", "--model", args.model]
    flags += ["--sandbox", args.sandbox, "--seeds", args.seeds, "--thinking", str(args.thinking)]
    command = ["bench", "run", "nano", "--out", str(folder), "--quiet"]
    try:
        code = main([*command, "--conditions", ",".join(CONDITIONS.values()), *flags])
        if code != OK:
            return code
        results = load([folder])
    finally:
        if args.out is None:
            shutil.rmtree(folder)
    lines = lines_of(results)
    if args.json:
        print(json.dumps([asdict(line) for line in lines], indent=2))
    else:
        show(lines, results.of("A").n_tasks)
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.generate", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK} tasks instead of all")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--sandbox", choices=("docker", "unsafe-local"), default="docker")
    parser.add_argument("--seeds", default="0", metavar="LIST")
    parser.add_argument("--thinking", type=int, default=1024, metavar="N")
    parser.add_argument("--out", type=Path, help="keep the run here, and go on with it")
    return parser


if __name__ == "__main__":
    sys.exit(run())
