"""The report's figures as SVG text in the page's own colours, light and dark.

Drawn by matplotlib without a display; every colour is a placeholder that becomes a CSS variable.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.bench.figures import Calibration, Results
from pipeline.bench.records import BenchError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, LINE = "#000001", "#000002", "#000003"
SERIES = tuple(f"#0001{n:02x}" for n in range(8))
_VARIABLES = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    **{colour: f"var(--s{n})" for n, colour in enumerate(SERIES)},
}
_MARKERS = "os^DvPX*"
WIDTH = 4.3
"""Inches; the page shows it at about this size, so that the text stays as big as it is."""
Figure = tuple[str, str, str]
"""Title, SVG text, caption."""


class MissingLibrary(BenchError):
    """The plotting library is not installed."""


def figures(results: Results) -> list[Figure]:
    """Every figure that the results have data for. Raises MissingLibrary."""
    made = [_ladder(results), _cost(results), _failures(results)]
    if results.calibrations:
        made += [_reliability(results.calibrations), _risk(results.calibrations)]
    return made


def _ladder(results: Results) -> Figure:
    parts, conditions = results.parts, results.conditions
    step = 0.8 / len(conditions)

    def draw(axes: Axes) -> None:
        for n, condition in enumerate(conditions):
            there = [p for p, part in enumerate(parts) if results.has(condition, part)]
            at = [p + (n - (len(conditions) - 1) / 2) * step for p in there]
            rates = [results.of(condition, parts[p]).pass_at_1 for p in there]
            values = [100 * one.rate for one in rates]
            low = [100 * (one.rate - one.interval.low) for one in rates]
            high = [100 * (one.interval.high - one.rate) for one in rates]
            axes.errorbar(
                values, at, xerr=[low, high], fmt=_MARKERS[n % 8], color=SERIES[n % 8],
                markersize=6, elinewidth=1.6, label=condition,
            )  # fmt: skip
            ceilings = [100 * results.of(condition, parts[p]).oracle.rate for p in there]
            axes.plot(
                ceilings, at, linestyle="", marker="|", markersize=9, markeredgewidth=1.6,
                color=SERIES[n % 8],
            )  # fmt: skip
        axes.set_yticks(range(len(parts)), parts)
        axes.set_ylim(len(parts) - 0.5, -0.5)
        axes.set_xlim(-2, 102)
        axes.set_xlabel("percent of tasks")
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        _legend(axes)

    height = 1.3 + 0.24 * len(parts) * len(conditions)
    caption = (
        "Symbol and whisker: pass@1 with its 95 % Wilson interval. Upright bar: oracle pass@k, a "
        "ceiling that needs the hidden tests."
    )
    return "pass@1 by part", _svg(draw, max(2.4, height)), caption


def _cost(results: Results) -> Figure:
    def draw(axes: Axes) -> None:
        for n, condition in enumerate(results.conditions):
            one = results.of(condition)
            rate = one.pass_at_1
            spread = [
                [100 * (rate.rate - rate.interval.low)],
                [100 * (rate.interval.high - rate.rate)],
            ]
            axes.errorbar(
                [one.tokens], [100 * rate.rate], yerr=spread, fmt=_MARKERS[n % 8],
                color=SERIES[n % 8], markersize=7, elinewidth=1.6, label=condition,
            )  # fmt: skip
        axes.set_xlim(left=0, right=1.12 * max(results.of(c).tokens for c in results.conditions))
        axes.set_xlabel("generated tokens per task")
        axes.set_ylabel("pass@1, percent")
        axes.grid(color=LINE, linewidth=0.6)
        _legend(axes)

    caption = "What more tokens buy; whiskers are 95 % Wilson intervals over all tasks."
    return "pass@1 and cost", _svg(draw, 3.2), caption


def _failures(results: Results) -> Figure:
    counts = {
        condition: Counter(
            RIGHT if row.passed else (row.first_failure or "wrong_answer").replace("_", " ")
            for row in results.rows
            if row.condition == condition
        )
        for condition in results.conditions
    }
    common = [kind for kind, _ in sum(counts.values(), Counter()).most_common()]
    kinds = [RIGHT, *(kind for kind in common if kind != RIGHT)]

    def draw(axes: Axes) -> None:
        left = [0.0] * len(counts)
        for n, kind in enumerate(kinds):
            widths = [100 * one[kind] / one.total() for one in counts.values()]
            axes.barh(
                list(counts), widths, left=left, color=_FILLS[n % 8], label=kind, height=0.62,
                edgecolor=LINE, linewidth=0.8, hatch=_HATCHES[n % 8],
            )  # fmt: skip
            left = [a + b for a, b in zip(left, widths, strict=True)]
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.set_xlabel("percent of answers")
        _legend(axes)

    caption = "The first hidden test that a submitted answer fails, by kind."
    height = 1.5 + 0.32 * len(counts) + 0.22 * ((len(kinds) + 2) // 3)
    return "How answers fail", _svg(draw, height), caption


RIGHT = "right"
_FILLS = (SERIES[2], SERIES[1], SERIES[3], SERIES[0], *SERIES[4:])
_HATCHES = ("", "//", "", "\\\\", "", "xx", "..", "")


def _reliability(calibrations: Sequence[Calibration]) -> Figure:
    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle="--")
        for n, one in enumerate(calibrations):
            xs, ys, sizes = zip(*one.bins, strict=True)
            label = f"{one.condition}, ECE {one.ece:.3f}"
            axes.plot(xs, ys, color=SERIES[n % 8], linewidth=1.4, label=label)
            areas = [14 + 300 * size / one.n for size in sizes]
            axes.scatter(xs, ys, s=areas, color=SERIES[n % 8], marker=_MARKERS[n % 8])
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.05)
        axes.set_xlabel("stated probability")
        axes.set_ylabel("share that is right")
        axes.grid(color=LINE, linewidth=0.6)
        _legend(axes)

    caption = "On the dashed line a stated probability is what happens; areas grow with the bin."
    return "Calibration", _svg(draw, 3.4), caption


def _risk(calibrations: Sequence[Calibration]) -> Figure:
    def draw(axes: Axes) -> None:
        for n, one in enumerate(calibrations):
            xs, ys = zip(*one.risk_coverage, strict=True)
            label = f"{one.condition}, AURC {one.aurc:.3f}"
            axes.plot(
                [100 * x for x in xs], [100 * y for y in ys], color=SERIES[n % 8], label=label,
                linewidth=1.6, marker=_MARKERS[n % 8], markersize=5,
                markevery=max(1, len(xs) // 10),
            )  # fmt: skip
        axes.set_xlim(0, 102)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("percent answered, surest first")
        axes.set_ylabel("percent of those wrong")
        axes.grid(color=LINE, linewidth=0.6)
        _legend(axes)

    caption = "What is left wrong when only the surest answers are given."
    return "Risk and coverage", _svg(draw, 3.2), caption


# --- drawing -------------------------------------------------------------------------------------


def _legend(axes: Axes) -> None:
    """Above the axes, read row by row, in as many columns as the longest label leaves room for."""
    handles, labels = axes.get_legend_handles_labels()
    n_columns = min(len(labels), max(1, 42 // (max(map(len, labels)) + 5)))
    order = [n for column in range(n_columns) for n in range(column, len(labels), n_columns)]
    axes.legend(
        [handles[n] for n in order],
        [labels[n] for n in order],
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        ncols=n_columns,
        frameon=False,
        handletextpad=0.4,
        columnspacing=1.2,
        borderaxespad=0.1,
    )


def _svg(draw: Callable[[Axes], None], height: float) -> str:
    """The drawing as an `<svg>` element that scales with the page and takes its colours."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure as Canvas
    except ImportError as exc:
        raise MissingLibrary(
            "matplotlib is missing, which draws the report; pip install 'atlas-lsp[report]'"
        ) from exc
    with mpl.rc_context(_style()):
        figure = Canvas(figsize=(WIDTH, height), layout="constrained")
        draw(figure.add_subplot())
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(out.getvalue())


def _style() -> dict[Any, Any]:
    """Text stays text; equal input gives equal bytes."""
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "atlas",
        "font.size": 10.5,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": SOFT,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "hatch.linewidth": 0.6,
    }


def _for_page(text: str) -> str:
    svg = text[text.index("<svg") :]
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg.replace("font-family: 'DejaVu San', sans-serif", "")
