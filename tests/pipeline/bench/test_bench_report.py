"""What the report says about rows that were made for it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.bench.figures import Results, Row, _prefixes, load, results_of
from pipeline.bench.plots import figures
from pipeline.bench.records import BenchError
from pipeline.bench.report import html, markdown, published, tables, write_report

RUN = {
    "suite": {"name": "<made>", "n_tasks": 4, "hidden_tests_per_task": 9},
    "model": {"name": "m", "backend": "scripted", "sha256": "ab" * 32},
    "sandbox": {"kind": "docker", "image": "i"},
    "seeds": [0],
    "versions": {"python": "3"},
    "conditions": {"A": {"about": "one"}, "D": {"about": "all"}},
}


def row(condition: str, n: int, **more: object) -> Row:
    fields = {
        "task_id": f"t{n}",
        "part": "even" if n % 2 == 0 else "odd",
        "condition": condition,
        "seed": 0,
        "passed": False,
        "oracle": False,
        "v_pass": False,
        "status": "unverified",
        "probability": None,
        "n_candidates": 1,
        "n_behaviours": 1,
        "first_failure": "wrong_answer",
        "tokens": 10,
        "wall_share_s": 0.5,
        "model_s": 0.1,
        "sandbox_runs": 2,
        "energy_j": None,
    }
    return Row(**fields | more)  # type: ignore[arg-type]


def right(condition: str, n: int, **more: object) -> Row:
    return row(condition, n, passed=True, oracle=True, v_pass=True, first_failure=None, **more)


def made() -> Results:
    """A solves task 0; D solves 0, 1 and 2 and has a ceiling of all; R9 costs about as much."""
    rows = [right("A", 0), *(row("A", n) for n in (1, 2, 3))]
    rows += [right("D", n, tokens=90, status="verified", probability=0.9) for n in (0, 1, 2)]
    rows += [row("D", 3, tokens=90, v_pass=True, status="verified", probability=0.8)]
    rows += [right("R9", n, tokens=100) for n in (0, 1)] + [
        row("R9", n, tokens=100) for n in (2, 3)
    ]
    rows += [right("R2", 0, tokens=20), *(row("R2", n, tokens=20) for n in (1, 2, 3))]
    return results_of(rows, [RUN])


def test_rates_ceilings_and_costs_are_per_task_and_per_solved_task():
    one = made().of("D")
    assert one.pass_at_1.rate == 0.75
    assert one.oracle.rate == 0.75
    assert one.v_pass.rate == 1
    assert one.tokens == 90
    assert one.tokens_per_solved == 120
    assert one.seconds_per_solved == pytest.approx(2 / 3)
    assert one.energy_j is None
    assert made().of("A", "odd").tokens_per_solved is None


def test_conditions_stand_in_the_order_of_the_ladder():
    assert made().conditions == ("A", "D", "R2", "R9")


def test_the_baseline_with_the_nearest_tokens_is_the_matched_one():
    matched = made().matched
    assert matched is not None
    assert (matched["condition"], matched["baseline"]) == ("D", "R9")
    assert (matched["pass_at_1"], matched["baseline_pass_at_1"]) == (0.75, 0.5)


def test_pairs_are_compared_on_the_same_tasks():
    pairs = {(c.first, c.second, c.part): c.test for c in made().comparisons}
    test = pairs["A", "D", "all"]
    assert (test.only_first, test.only_second, test.difference) == (0, 2, 0.5)


def test_runs_of_different_tasks_are_never_subtracted():
    rows = [right("x:A", 0), row("x:A", 1), row("x:A", 2), right("y:D", 0), right("y:D", 4)]
    results = results_of(rows, [RUN, RUN])
    page = html(results, [])
    assert (
        "pass@1 is 33.3 % on 3 tasks (x:A) and 100.0 % on 2 tasks (y:D); on the 1 of both:" in page
    )
    by_title = {title: body for title, _, body, _ in tables(results)}
    assert by_title["pass@1"][0][1].endswith(", n = 3")
    assert by_title["pass@1"][1][1].endswith(", n = 2")
    (pair, _, n, *_), *_ = by_title["Paired tests"]
    assert (pair, n) == ("x:A → y:D", "1")


def test_runs_without_a_common_task_are_set_side_by_side():
    rows = [right("x:A", 0), row("y:D", 1)]
    results = results_of(rows, [RUN, RUN])
    page = html(results, figures(results))
    assert "<svg" in page
    assert "100.0 % on 1 tasks (x:A) and 0.0 % on 1 tasks (y:D); no task is in both." in page


def test_the_same_tasks_are_subtracted():
    assert "pass@1 goes from 25.0 % (A) to 75.0 % (D): +50.0 points" in html(made(), [])


def test_published_figures_stand_beside_the_run_of_their_own_model():
    runs = [
        RUN | {"prefix": f"{name}:", "model": {"name": f"Qwen2.5 Coder {name} Instruct"},
               "suite": {"name": "humaneval+"}}
        for name in ("0.5B", "7B")
    ]  # fmt: skip
    rows = [right("0.5B:E", 0), row("7B:E", 0)]
    by_title = {title: body for title, _, body, _ in tables(results_of(rows, runs))}
    found = [(one[2], one[-1].split()[0]) for one in by_title["Beside the literature"]]
    assert found == [("61.6 / 57.3", "100.0"), ("88.4 / 84.1", "0.0")]


def test_folders_of_one_name_are_told_apart_by_their_paths():
    assert _prefixes([Path("a/x"), Path("b/y")]) == ["x:", "y:"]
    assert _prefixes([Path("a/x"), Path("b/x")]) == ["a/x:", "b/x:"]
    assert _prefixes([Path("a/x")]) == [""]


def test_several_seeds_of_a_task_count_as_one_task():
    rows = [right("A", 0, seed=0), row("A", 0, seed=1), row("A", 1, seed=0), row("A", 1, seed=1)]
    rate = results_of(rows).of("A").pass_at_1
    assert (rate.n, rate.rate) == (2, 0.25)


def test_the_precision_of_a_status_has_an_exact_interval():
    (precision,) = made().precisions
    assert (precision.status, precision.n, precision.n_right) == ("verified", 4, 3)
    assert precision.interval.low == pytest.approx(0.194, abs=1e-3)


def test_ceilings_are_marked_as_such():
    notes = {title: note for title, _, _, note in tables(made())}
    assert "no system can submit it" in notes["Ceilings"]
    assert "Matched compute: D" in notes["Cost"]


def test_what_was_not_measured_is_said():
    rows = [right("A", 0), right("D", 0)]
    (note,) = [note for title, _, _, note in tables(results_of(rows)) if title == "Cost"]
    assert "No matched-compute baseline was run" in note
    assert "no reading of its energy" in note
    measured = [right("A", 0, energy_j=2.0), row("A", 1, energy_j=4.0)]
    assert results_of(measured).of("A").energy_per_solved_j == 6.0
    (note,) = [note for title, _, _, note in tables(results_of(measured)) if title == "Cost"]
    assert "J is what processors and memory took, without graphics cards" in note


class Page(HTMLParser):
    """Open elements and what the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href") and not (value or "").startswith("#"):
                self.loads.append(f"{tag} {name}={value}")


def test_the_page_stands_alone_and_takes_the_readers_colours(tmp_path: Path):
    path, data = write_report(made(), tmp_path)
    text = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.loads == []
    assert "script" not in page.tags
    assert page.tags.count("svg") == 5
    assert "<made>" not in text
    assert not re.search(r"#00000[123]|#0001[0-9a-f]{2}", text), "a placeholder colour is left"
    assert "prefers-color-scheme: dark" in text
    assert data.exists()


def test_equal_results_give_equal_bytes(tmp_path: Path):
    first, _ = write_report(made(), tmp_path / "a")
    second, _ = write_report(made(), tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path):
    with pytest.raises(BenchError, match="is no run folder"):
        load([tmp_path])


def with_marks() -> Results:
    rows = [right("A", n, marks={"base": True, "strict": n == 0}) for n in (0, 1)]
    rows += [row("A", 2, marks={"base": True, "strict": False}), row("A", 3)]
    rows += [right("E", n, marks={"base": True, "strict": True}) for n in range(4)]
    model = RUN["model"] | {"name": "Qwen2.5-Coder-1.5B-Instruct-Q4_K_M"}  # type: ignore[operator]
    suite = RUN["suite"] | {"name": "/data/HumanEvalPlus.jsonl.gz"}  # type: ignore[operator]
    return results_of(rows, [RUN | {"model": model, "suite": suite}])


def test_official_stands_beside_base_and_strict():
    by_title = {title: (head, body) for title, head, body, _ in tables(with_marks())}
    head, body = by_title["Official and other counts"]
    assert head == ("condition", "official", "base", "strict")
    (row_a,) = [line for line in body if line[0] == "A"]
    assert [text.split()[0] for text in row_a[1:]] == ["50.0", "75.0", "25.0"]


def test_the_published_figure_stands_beside_condition_e_of_the_same_model():
    by_title = {title: body for title, _, body, _ in tables(with_marks())}
    ((model, suite, figures, n, base, plus),) = by_title["Beside the literature"]
    assert (model, suite, figures) == ("Qwen2.5-Coder-1.5B-Instruct", "HumanEval+", "70.7 / 66.5")
    assert int(n) == with_marks().of("E").n_tasks
    assert base.startswith("100.0")
    assert plus.startswith("100.0")
    assert any("arXiv" in note for title, *_, note in tables(with_marks()) if "lit" in title)
    assert "Beside the literature" not in {title for title, *_ in tables(made())}


@pytest.mark.parametrize(
    ("name", "plus"),
    [
        ("Qwen2.5 Coder 1.5B Instruct GGUF", 66.5),
        ("Qwen2.5 Coder 0.5B Instruct AWQ", 57.3),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", 84.1),
        ("Qwen2.5 Coder 1.5B", None),
        ("nano", None),
    ],
)
def test_a_model_is_known_by_the_name_that_its_file_gives_it(name: str, plus: float | None):
    run = RUN | {"model": {"name": name}, "suite": {"name": "data/HumanEvalPlus.jsonl.gz"}}
    assert [one["plus"] for one in published(run)] == ([plus] if plus else [])


def test_the_report_says_where_inputs_dropped_out():
    def notes(results: Results) -> str:
        return " ".join(note for *_, note in tables(results))

    rows = [
        right("A", n, marks={"base": True, "dropped": 0.1 * n} if n else {"base": True})
        for n in (0, 1)
    ]
    assert "reference fails, in 1 tasks, are left out" in notes(results_of(rows, [RUN]))
    assert "reference fails" not in notes(with_marks())


def test_condition_e_is_no_rung_of_the_ladder():
    from pipeline.bench.report import in_ladder

    assert [one for one in ("A", "run:D-lens", "E", "run:E", "R3") if in_ladder(one)] == [
        "A", "run:D-lens"
    ]  # fmt: skip


def test_the_markdown_table_can_be_pasted():
    lines = markdown(with_marks()).splitlines()
    assert lines[0] == "| condition | pass@1 | base | strict | tokens | s | tokens/solved |"
    assert {line.count("|") for line in lines[:4]} == {8}
    assert "Qwen2.5-Coder-1.5B" in lines[-1]
