"""GPQA: four choices, one letter. Its questions must never be printed: they carry a canary."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.bench.grading import Grade, Hidden, Pair
from pipeline.bench.records import PublicTask, SuiteError
from pipeline.bench.suite import Options, Remote, Source
from sandbox.api import Sandbox

GPQA = Source(
    name="gpqa-diamond",
    about="198 questions of graduate science, four choices each",
    licence="CC-BY-4.0",
    note="its authors ask that no question be shown in plain text or images online;"
    " the set on the hub is gated, this file is the one that simple-evals publishes",
    files=(
        Remote(
            url="https://openaipublic.blob.core.windows.net/simple-evals/gpqa_diamond.csv",
            sha256="41d1213cd7a4998605a26c2798500652572007161b3a92817ba46b35befcd305",
            name="gpqa_diamond.csv",
        ),
    ),
)
RIGHT = "Correct Answer"
WRONG = tuple(f"Incorrect Answer {n}" for n in (1, 2, 3))
FIELDS = ("Question", RIGHT, *WRONG, "Record ID", "High-level domain")
SEED = 42
"""Of the one shuffle of all questions, in their order."""


@dataclass(frozen=True, kw_only=True)
class LetterGrader:
    letter: str
    n_tests: int = 1

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        """An answer here is the letter that was read from the model's text."""
        return tuple(self._grade(one.strip()) for one in programs)

    def _grade(self, letter: str) -> Grade:
        is_right = letter == self.letter
        failure = None if is_right else "wrong_answer" if letter else "no_answer"
        return Grade(
            passed=is_right,
            n_passed=int(is_right),
            n_tests=1,
            first_failure=failure,
            behaviour=letter,
        )


class GpqaSuite:
    sources = (GPQA,)
    conventions = ("last-line", "lm-eval")
    """`last-line` as inspect_evals asks and reads, `lm-eval` as the harness of that name."""
    least_tests = 1

    def recognises(self, path: Path) -> bool:
        if not path.is_file() or path.suffix != ".csv":
            return False
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return set(FIELDS) <= set(next(csv.reader(file), []))

    def read(self, paths: Sequence[Path], options: Options) -> Iterator[Pair]:
        rng = random.Random(SEED)
        for path in paths:
            with path.open(encoding="utf-8", newline="") as file:
                for number, row in enumerate(csv.DictReader(file), start=2):
                    yield _pair(row, rng, options.convention, f"{path} line {number}")


SUITE = GpqaSuite()


def _pair(row: dict[str, str | None], rng: random.Random, convention: str, where: str) -> Pair:
    missing = [name for name in FIELDS if not (row.get(name) or "").strip()]
    if missing:
        raise SuiteError(f"{where}: the column `{missing[0]}` is empty")
    choices = [str(row[name]).strip() for name in (RIGHT, *WRONG)]
    order = list(range(len(choices)))
    rng.shuffle(order)
    public = PublicTask(
        task_id=str(row["Record ID"]),
        part=str(row["High-level domain"]),
        kind="letters",
        source=str(row["Question"]).strip(),
        more={"choices": [choices[n] for n in order], "convention": convention},
    )
    return public, Hidden(
        task_id=public.task_id, grader=LetterGrader(letter="ABCD"[order.index(0)])
    )
