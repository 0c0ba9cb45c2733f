"""A run's results for people: tables in the terminal, one HTML page, and JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pipeline.bench.figures import ALL, DROPPED, Comparison, Rate, Results, Summary, as_json
from pipeline.bench.records import Json, write_atomically
from pipeline.bench.statistics import Paired

if TYPE_CHECKING:
    from rich.console import RenderableType

PAGE = Path(__file__).parent / "report.html"
LITERATURE = Path(__file__).parent / "literature.json"
MARKS = {
    "official": "the suite's own rule, all of it",
    "base": "its original tests only",
    "strict": "the same without upstream's known flaws (docs/benchmarks.md)",
    "steps": "steps that pass, of all that count",
    "first try": "before the tests' output was shown",
}
CEILING = "ceiling, chosen with the hidden tests: no system can submit it"


def write_report(results: Results, folder: Path) -> tuple[Path, Path]:
    """Write `report.html`, which needs nothing else, and `report.json`; returns both paths.

    Raises MissingLibrary without matplotlib, OSError.
    """
    from pipeline.bench.plots import figures

    page, data = folder / "report.html", folder / "report.json"
    write_atomically(data, json.dumps(as_json(results), indent=2, sort_keys=True) + "\n")
    write_atomically(page, html(results, figures(results)))
    return page, data


# --- numbers as text -----------------------------------------------------------------------------


def rate_text(rate: Rate) -> str:
    return f"{100 * rate.rate:.1f} [{100 * rate.interval.low:.1f}, {100 * rate.interval.high:.1f}]"


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def number(value: float | None) -> str:
    """Three digits that matter; a dash for what was not measured."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def p_text(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


Table = tuple[str, tuple[str, ...], Sequence[tuple[str, ...]], str]
"""Title, head, rows, a note below."""


def tables(results: Results) -> list[Table]:
    """The report's tables, the same in the terminal and on the page."""
    made = [_pass_table(results), _ceiling_table(results), _cost_table(results)]
    made[1:1] = [one for one in (_marks_table(results), _literature_table(results)) if one]
    if results.comparisons:
        made.append(_paired_table(results))
    if results.precisions or results.calibrations:
        made.append(_trust_table(results))
    return made


def _pass_table(results: Results) -> Table:
    head = ("condition", *(_part_head(results, part) for part in results.parts))
    rows = [
        (condition, *(_rate_in(results, condition, part) for part in results.parts))
        for condition in results.conditions
    ]
    note = "Percent of tasks, with 95 % Wilson interval; one answer per task, no hidden test seen."
    return "pass@1", head, rows, note


def _marks_table(results: Results) -> Table | None:
    """The official count beside the suite's other ones."""
    whole = _whole(results)
    marks = list(dict.fromkeys(mark for one in whole for mark in one.marks))
    if not marks:
        return None
    rows = [
        (
            one.condition,
            rate_text(one.pass_at_1),
            *(rate_text(one.marks[m]) if m in one.marks else "–" for m in marks),
        )
        for one in whole
    ]
    about = [f"{mark}: {MARKS[mark]}" for mark in ("official", *marks) if mark in MARKS]
    if dropped := {row.task_id for row in results.rows if DROPPED in row.marks}:
        about.append(f"inputs on which the suite's own reference fails, in {len(dropped)} tasks,"
                     " are left out")  # fmt: skip
    return "Official and other counts", ("condition", "official", *marks), rows, "; ".join(about)


def _literature_table(results: Results) -> Table | None:
    """Condition E beside what was published for the same model and suite."""
    rows = []
    for run in results.runs:
        for one in published(run):
            own = run.get("prefix", "") + "E"
            ours = [s for s in _whole(results) if s.condition == own]
            rows += [_literature_row(one, s) for s in ours]
    cited = dict.fromkeys(one["source"] for run in results.runs for one in published(run))
    note = (
        "Same prompt, greedy, same rule (EvalPlus); published figures are of bf16 weights and of"
        f" the whole suite: {'; '.join(cited)}."
    )
    head = ("model", "suite", "published base / plus", "our tasks", "ours, base", "ours, plus")
    return ("Beside the literature", head, rows, note) if rows else None


def _literature_row(one: Json, ours: Summary) -> tuple[str, ...]:
    base = ours.marks.get("base", ours.pass_at_1)
    figures = f"{one['base']:.1f} / {one['plus']:.1f}"
    rates = rate_text(base), rate_text(ours.pass_at_1)
    return one["model"], one["suite"], figures, str(ours.n_tasks), *rates


def published(run: Json) -> list[Json]:
    """The published figures for a run's model and suite, by parts of their names.

    A GGUF file may call itself by words, `Qwen2.5 Coder 1.5B Instruct GGUF`.
    """
    figures: list[Json] = json.loads(LITERATURE.read_text(encoding="utf-8"))
    model = "-".join(run["model"]["name"].lower().replace("_", " ").split())
    suite = Path(run["suite"]["name"]).name.lower()
    return [
        one
        for one in figures
        if one["match"] in model and any(name in suite for name in one["suites"])
    ]


def in_ladder(condition: str) -> bool:
    """A to D, with or without a stage; plain samples and E stand beside the ladder."""
    return condition.rpartition(":")[2][0] in "ABCD"


def _part_head(results: Results, part: str) -> str:
    counts = _counts(results, part)
    return f"{part} (n = {min(counts)})" if len(counts) == 1 else part


def _rate_in(results: Results, condition: str, part: str) -> str:
    """With its own number of tasks, where runs of different tasks stand side by side."""
    if not results.has(condition, part):
        return "–"
    one = results.of(condition, part)
    text = rate_text(one.pass_at_1)
    return text if len(_counts(results, part)) == 1 else f"{text}, n = {one.n_tasks}"


def _counts(results: Results, part: str) -> set[int]:
    return {s.n_tasks for s in results.summaries if s.part == part}


def _whole(results: Results) -> list[Summary]:
    return [results.of(condition) for condition in results.conditions]


def _ceiling_table(results: Results) -> Table:
    head = ("condition", "pass@1", "oracle pass@k", "pass@1-v(k)", "candidates", "behaviours")
    rows = [
        (
            one.condition,
            percent(one.pass_at_1.rate),
            rate_text(one.oracle),
            rate_text(one.v_pass),
            number(one.n_candidates),
            number(one.n_behaviours),
        )
        for one in _whole(results)
    ]
    note = (
        "oracle pass@k (some candidate is right, repaired ones left out) and pass@1-v(k) (some "
        f"attempt of all is) are a {CEILING}. Candidates and behaviours are means per task."
    )
    return "Ceilings", head, rows, note


def _cost_table(results: Results) -> Table:
    head = (
        "condition",
        "tokens",
        "tokens/solved",
        "s",
        "s/solved",
        "sandbox runs",
        "J",
        "J/solved",
    )
    rows = [
        (
            one.condition,
            number(one.tokens),
            number(one.tokens_per_solved),
            number(one.seconds),
            number(one.seconds_per_solved),
            number(one.sandbox_runs),
            number(one.energy_j),
            number(one.energy_per_solved_j),
        )
        for one in _whole(results)
    ]
    note = "Means per task; tokens are generated ones, seconds are shares of the run's wall clock."
    if any(one.energy_j is None for one in _whole(results)):
        note += " J is – where the machine gave no reading of its energy."
    else:
        note += " J is what processors and memory took, without graphics cards."
    note += " " + _matched_text(results)
    return "Cost", head, rows, note


def _matched_text(results: Results) -> str:
    m = results.matched
    if m is None:
        return "No matched-compute baseline was run: a condition such as R3 gives one."
    return (
        f"Matched compute: {m['condition']} has {percent(m['pass_at_1'])} at"
        f" {number(m['tokens'])} tokens, plain sampling ({m['baseline']})"
        f" {percent(m['baseline_pass_at_1'])} at {number(m['baseline_tokens'])}."
    )


def _paired_table(results: Results) -> Table:
    head = ("pair", "part", "tasks", "only first", "only second", "difference", "McNemar p")
    rows = [_paired_row(one) for one in results.comparisons if one.part == ALL]
    rows += [_paired_row(one) for one in _ends(results)]
    note = "Same tasks; difference in points, second minus first, with 95 % bootstrap interval."
    return "Paired tests", head, rows, note


def _ends(results: Results) -> list[Comparison]:
    """First against last condition of the ladder, part by part."""
    ladder = [c for c in results.conditions if in_ladder(c)]
    ends = {ladder[0], ladder[-1]} if ladder else set()
    return [c for c in results.comparisons if c.part != ALL and {c.first, c.second} == ends]


def _paired_row(one: Comparison) -> tuple[str, ...]:
    test = one.test
    return (
        f"{one.first} → {one.second}",
        one.part,
        str(test.n),
        f"{test.only_first:g}",
        f"{test.only_second:g}",
        f"{100 * test.difference:+.1f} [{100 * test.interval.low:+.1f},"
        f" {100 * test.interval.high:+.1f}]",
        p_text(test.p_value),
    )


def _trust_table(results: Results) -> Table:
    head = ("condition", "what", "n", "value")
    rows = [
        (
            one.condition,
            f"right of {one.status}",
            str(one.n),
            f"{percent(one.n_right / one.n)} [{percent(one.interval.low)},"
            f" {percent(one.interval.high)}]",
        )
        for one in results.precisions
    ]
    for calibration in results.calibrations:
        for what, value in (
            ("ECE", calibration.ece),
            ("Brier", calibration.brier),
            ("AURC", calibration.aurc),
        ):
            rows.append((calibration.condition, what, str(calibration.n), f"{value:.3f}"))
    note = "Observed precision of each status with its Clopper-Pearson interval; ECE in 15 bins."
    return "Can the status be trusted?", head, rows, note


def made_with(results: Results) -> list[tuple[str, str]]:
    """What the runs were made with, line by line."""
    lines = []
    for run in results.runs:
        suite, model, sandbox = run["suite"], run["model"], run["sandbox"]
        size = f"{suite['n_tasks']} tasks, {suite['hidden_tests_per_task']:g} hidden tests each"
        digest = model["sha256"][:16] or "–"
        lines += [
            ("suite", f"{suite['name']}, {size} (median)"),
            ("model", f"{model['name']} ({model['backend']}), sha256 {digest}"),
            ("sandbox", f"{sandbox['kind']}, image {sandbox.get('image') or '–'}"),
            ("seeds", ", ".join(map(str, run["seeds"]))),
            ("versions", ", ".join(f"{k} {v}" for k, v in run["versions"].items())),
            ("machine", ", ".join(f"{k} {v}" for k, v in run.get("machine", {}).items())),
        ]
        lines += [(name, one["about"]) for name, one in run["conditions"].items()]
    return list(dict.fromkeys(lines))


# --- to paste ------------------------------------------------------------------------------------


def markdown(results: Results) -> str:
    """One table: what was run, what came out, what it cost."""
    marks = list(dict.fromkeys(mark for one in _whole(results) for mark in one.marks))
    head = ["condition", "pass@1", *marks, "tokens", "s", "tokens/solved"]
    rows = [
        [
            one.condition,
            rate_text(one.pass_at_1),
            *(rate_text(one.marks[m]) if m in one.marks else "–" for m in marks),
            number(one.tokens),
            number(one.seconds),
            number(one.tokens_per_solved),
        ]
        for one in _whole(results)
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    about = "; ".join(f"{n} {t}" for n, t in made_with(results) if n in ("suite", "model"))
    return f"{table}\n\n{about}"


# --- terminal ------------------------------------------------------------------------------------


def renderables(results: Results) -> Iterable[RenderableType]:
    """For a rich console."""
    from rich import box
    from rich.table import Table as RichTable

    for title, head, rows, note in tables(results):
        table = RichTable(
            title=title, title_justify="left", caption=note, caption_justify="left", box=box.SIMPLE
        )
        for at, name in enumerate(head):
            table.add_column(name, justify="left" if at == 0 else "right", no_wrap=True)
        for row in rows:
            table.add_row(*row)
        yield table


# --- page ----------------------------------------------------------------------------------------


def html(results: Results, figures: Sequence[tuple[str, str, str]]) -> str:
    """The page; `figures` are (title, SVG text, caption)."""
    suite = results.runs[0]["suite"] if results.runs else {"name": "benchmark"}
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(f"{Path(suite['name']).name}: {', '.join(results.conditions)}"),
        headline=_headline(results),
        figures="\n".join(_figure(*one) for one in figures),
        tables="\n".join(_table_html(*one) for one in tables(results)),
        made_with="\n".join(
            f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in made_with(results)
        ),
    )


def _headline(results: Results) -> str:
    """First and last condition of the ladder, in one sentence."""
    ladder = [c for c in results.conditions if in_ladder(c)]
    if len(ladder) < 2:
        return f"pass@1 {escape(rate_text(_whole(results)[0].pass_at_1))} %"
    first, last = results.of(ladder[0]), results.of(ladder[-1])
    pairs = {(c.first, c.second): c.test for c in results.comparisons if c.part == ALL}
    test = pairs.get((first.condition, last.condition))
    return escape(f"{_from_to(first, last, test)}{_change(test) if test else ''}.")


def _from_to(first: Summary, last: Summary, test: Paired | None) -> str:
    """Rates of different tasks are set side by side, never subtracted."""
    rates = [percent(one.pass_at_1.rate) for one in (first, last)]
    if test and first.n_tasks == last.n_tasks == test.n:
        return (
            f"pass@1 goes from {rates[0]} % ({first.condition}) to {rates[1]} % ({last.condition}):"
        )
    each = " and ".join(
        f"{rate} % on {one.n_tasks} tasks ({one.condition})"
        for rate, one in zip(rates, (first, last), strict=True)
    )
    return f"pass@1 is {each}; " + (f"on the {test.n} of both:" if test else "no task is in both")


def _change(test: Paired) -> str:
    return (
        f" {100 * test.difference:+.1f} points, 95 % interval {100 * test.interval.low:+.1f}"
        f" to {100 * test.interval.high:+.1f}, McNemar p {p_text(test.p_value)}"
    )


def _figure(title: str, svg: str, caption: str) -> str:
    return (
        f"<figure><h2>{escape(title)}</h2>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _table_html(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(value)}</td>" for value in row[1:])
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<section><h2>{escape(title)}</h2><div class="scroll" tabindex="0" role="region"'
        f' aria-label="{escape(title)}"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div><p>{escape(note)}</p></section>"
    )
