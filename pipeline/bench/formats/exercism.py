"""Aider's polyglot set, its Python part: Exercism exercises, two tries, whole files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.bench.formats.unittest_grader import UnittestGrader
from pipeline.bench.grading import Hidden, Pair
from pipeline.bench.records import PublicTask, SuiteError
from pipeline.bench.suite import Options, Source
from sandbox.api import Limits

LIMITS = Limits(cpu_s=60.0, wall_s=180.0, memory_mb=1024)
AIDER = Source(
    name="aider-python",
    about="34 Exercism exercises in two tries, the second sees the tests' output",
    licence="MIT",
    note="a repository, not a file: clone Aider-AI/polyglot-benchmark and give"
    " its folder python/exercises/practice",
)


class ExercismSuite:
    sources = (AIDER,)
    conventions = ()
    least_tests = 1

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and next(_exercises(path), None) is not None

    def read(self, paths: Sequence[Path], _options: Options) -> Iterator[Pair]:
        for path in paths:
            for folder in _exercises(path):
                yield _pair(folder)


SUITE = ExercismSuite()


def _exercises(path: Path) -> Iterator[Path]:
    yield from (one.parents[1] for one in sorted(path.glob("*/.meta/config.json")))


def _pair(folder: Path) -> Pair:
    try:
        files = json.loads((folder / ".meta" / "config.json").read_text(encoding="utf-8"))["files"]
        (solution,), (test,) = files["solution"], files["test"]
        stub = (folder / solution).read_text(encoding="utf-8")
        tests = (folder / test).read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise SuiteError(f"{folder} is no exercise of one file and one test file: {exc}") from exc
    texts = [folder / ".docs" / name for name in ("introduction.md", "instructions.md",
                                                  "instructions.append.md")]  # fmt: skip
    name = Path(solution).stem
    public = PublicTask(
        task_id=folder.name,
        part="aider-python",
        kind="tries",
        source="\n\n".join(one.read_text(encoding="utf-8") for one in texts if one.exists()),
        # By the suite's own rule the second try sees what the tests said: they are no secret.
        more={"file": solution, "stub": stub, "module": name, "tests": tests},
    )
    grader = UnittestGrader(tests=tests, limits=LIMITS, module_names=(name,))
    return public, Hidden(task_id=public.task_id, grader=grader)
