"""EvalPlus's own verdicts, for `parity`: runs in EvalPlus's interpreter, as a user without rights.

`python parity_evalplus.py SUITE.jsonl[.gz] humaneval|mbpp` reads `{"task_id", "solution"}` lines
and writes `{"base", "plus"}` lines. EvalPlus runs programs on the host: whoever starts this file
fences it with a uid of its own, limits and an empty folder.
"""

import gzip
import json
import sys
import time
import types

# Its loader imports this library, which nothing here needs.
sys.modules["datasets"] = types.SimpleNamespace(load_dataset=None)

from evalplus.data.mbpp import mbpp_deserialize_inputs  # noqa: E402
from evalplus.eval import untrusted_check  # noqa: E402
from evalplus.eval._special_oracle import MBPP_OUTPUT_NOT_NONE_TASKS  # noqa: E402
from evalplus.gen.util import trusted_exec  # noqa: E402

LEAST_S = 4.0
"""Seconds of one input: upstream's default of 1 would measure how busy this machine is."""


def problems(path: str, dataset: str, wanted: set[str]) -> dict[str, dict]:
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    found = {row["task_id"]: row for row in rows if row["task_id"] in wanted}
    for task_id, row in found.items():
        for name in ("base_input", "plus_input"):
            inputs = row[name] or []
            row[name] = mbpp_deserialize_inputs(task_id, inputs) if dataset == "mbpp" else inputs
    return found


def expected(row: dict, part: str) -> tuple[list, list]:
    return trusted_exec(
        row["prompt"] + row["canonical_solution"],
        row[f"{part}_input"],
        row["entry_point"],
        record_time=True,
        output_not_none=row["entry_point"] in MBPP_OUTPUT_NOT_NONE_TASKS,
    )


def verdict(row: dict, part: str, dataset: str, code: str, truth: tuple[list, list]) -> bool:
    status, _ = untrusted_check(
        dataset, code, row[f"{part}_input"], row["entry_point"], truth[0], row["atol"], truth[1],
        fast_check=True, min_time_limit=LEAST_S,
    )  # fmt: skip
    return status == "pass"


def main(path: str, dataset: str) -> None:
    # References print too: the answers have the real standard output for themselves.
    answers, sys.stdout = sys.stdout, sys.stderr
    asked = [json.loads(line) for line in sys.stdin]
    known = problems(path, dataset, {one["task_id"] for one in asked})
    truths: dict[tuple[str, str], tuple[list, list]] = {}
    began = time.monotonic()
    for n, one in enumerate(asked, start=1):
        row, found = known[one["task_id"]], {}
        for part in ("base", "plus"):
            key = one["task_id"], part
            if key not in truths:
                truths[key] = expected(row, part)
            found[part] = verdict(row, part, dataset, one["solution"], truths[key])
        print(json.dumps(found), file=answers, flush=True)
        if n % 50 == 0:
            print(f"{n} of {len(asked)}, {time.monotonic() - began:.0f} s", file=sys.stderr)


main(*sys.argv[1:])
