"""BigCodeBench: functions that use libraries, judged by `unittest` classes."""

from __future__ import annotations

from pipeline.bench.formats.unittest_grader import UnittestGrader
from pipeline.bench.grading import Hidden, Pair
from pipeline.bench.records import Json, PublicTask
from pipeline.bench.suite import Options, RowSuite, Source, text_of
from sandbox.api import Limits

LIMITS = Limits(cpu_s=240.0, wall_s=480.0, memory_mb=4096, output_bytes=1 << 22)
"""Their 240 s a task; of memory they grant 30 GB, which no machine of ours has."""
PACKAGES = ("numpy", "pandas", "matplotlib", "scikit-learn", "scipy", "seaborn", "requests")
"""The seven that most of the tasks need, of 139; --packages brings more."""
NOTE = (
    "the hub has it as parquet: write its split v0.1.4 as JSON lines and bring it with --from;"
    " a task whose libraries the image lacks counts as not solved (missing_module)"
)
FULL = Source(
    name="bigcodebench",
    about="1,140 functions that use 139 libraries (v0.1.4)",
    licence="Apache-2.0",
    note=NOTE,
    packages=PACKAGES,
)
HARD = Source(
    name="bigcodebench-hard",
    about="the 148 of them that are nearest to real work",
    licence="Apache-2.0",
    note=NOTE,
    packages=PACKAGES,
)


def _pair(row: Json, _options: Options, where: str) -> Pair:
    code = text_of(row, "code_prompt", where)
    public = PublicTask(
        task_id=text_of(row, "task_id", where),
        part="BigCodeBench",
        source=text_of(row, "complete_prompt", where),
        entry_point=text_of(row, "entry_point", where),
    )
    # Upstream's calibration: its own head with an empty body comes first, so that an answer that
    # forgot an import is not failed for it.
    grader = UnittestGrader(
        tests=text_of(row, "test", where), before=f"{code.rstrip()}\n    pass\n\n", limits=LIMITS
    )
    return public, Hidden(task_id=public.task_id, grader=grader)


SUITE = RowSuite(
    fields=frozenset({"complete_prompt", "code_prompt", "test"}),
    pair=_pair,
    sources=(FULL, HARD),
    least_tests=1,
)
