"""Runs of a benchmark that are killed at random moments, beside one that nobody disturbs.

    python -m benchmarks.kills [--quick] [--json] [--kills 10]

Three ways: the run itself (`here`), its Ray actors, its submitit jobs. One and the same folder is
worked on until all kills are done; whoever was killed or gave up is started again with the same
command. Afterwards every cell has to be there exactly once, and the answers, their list and the
scores have to be those of the undisturbed run, byte for byte. The model is a script behind an
endpoint: a real one's logprobs move in the last digits with what it has read before.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.model_server import doubles, model_server
from pipeline.bench.records import RunFolder
from pipeline.bench.run import cells_in

WAYS = {"here": "atlas_lsp.cli", "ray": "ray::Solver", "slurm": "submitit.core._submit"}
"""How the process calls itself that solves cells."""
LIBRARIES = {"ray": "ray", "slurm": "submitit"}
LONGEST_S = 900
"""Of one way, all kills and the run to its end."""
MOST_MORE = 2
"""A kill comes when between none and so many further answers lie there, and a moment later."""
RESULTS = ("tasks.jsonl", "answers.sha256", "scores.jsonl")


ANSWER_S = 0.3
"""What the model takes for an answer."""


def main() -> int:
    args = _arguments()
    n_kills, n_tasks = (2, 40) if args.quick else (args.kills, args.tasks)
    report: dict[str, Any] = {"ways": {}}
    # Ray's sockets need a short path.
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="atlas-kills-") as name:
        folder = Path(name)
        suite = _suite(folder / "suite.jsonl", n_tasks)
        with model_server(_says) as server:
            command = _command(suite, server.url, args.sandbox)
            began = time.monotonic()
            if subprocess.run([*command, str(folder / "calm")], check=False).returncode:
                print("the undisturbed run did not end well", file=sys.stderr)
                return 3
            report["undisturbed_s"] = round(time.monotonic() - began, 1)
            report["cells"] = len(cells_in(RunFolder(folder / "calm")))
            for way in args.ways:
                report["ways"][way] = _way(way, command, folder, n_kills, args.seed)
    print(json.dumps(report, indent=2) if args.json else _table(report))
    return 0 if all(_is_well(one) for one in report["ways"].values()) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="of each way")
    parser.add_argument("--tasks", type=int, default=200, metavar="N", help="of the suite")
    parser.add_argument("--sandbox", default="docker", choices=("docker", "unsafe-local"))
    parser.add_argument("--ways", type=lambda text: text.split(","), default=list(WAYS))
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--quick", action="store_true", help="2 kills, 40 tasks")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _suite(path: Path, n_tasks: int) -> Path:
    """Functions that double their number, in our own format."""
    rows = [
        {
            "task_id": f"double/{n}",
            "source": f'def double(n):\n    """Twice n, task {n}.\n\n'
            '    >>> double(2)\n    4\n    """\n',
            "entry_point": "double",
            "hidden_tests": [{"input": [x], "output": 2 * x} for x in (-7, 60, n)],
        }
        for n in range(n_tasks)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _says(prompt: str) -> str:
    time.sleep(ANSWER_S)
    return doubles(prompt)


def _command(suite: Path, model: str, sandbox: str) -> list[str]:
    """All but the folder, which comes last."""
    head = [sys.executable, "-m", "atlas_lsp.cli", "bench", "run", str(suite), "--quiet"]
    return [*head, "--conditions", "A", "--model", model, "--sandbox", sandbox, "--out"]


def _way(
    way: str, command: Sequence[str], folder: Path, n_kills: int, seed: int
) -> dict[str, Any] | str:
    library = LIBRARIES.get(way)
    if library and find_spec(library) is None:
        return f"skipped: {library} is not installed"
    killed = disturbed(way, command, folder, n_kills, random.Random(seed))
    return killed | compared(folder / way, folder / "calm")


def disturbed(
    way: str, command: Sequence[str], folder: Path, n_kills: int, rng: random.Random
) -> dict[str, Any]:
    """Work on `folder/way` until so many processes were killed and the run came to its end."""
    out, began, n_killed, n_starts = folder / way, time.monotonic(), 0, 0
    argv = [*command, str(out), *([] if way == "here" else ["--on", way, "--jobs", "2"])]
    while True:
        n_starts += 1
        with running(argv, folder) as process:
            while n_killed < n_kills and (victim := _victim(way, process, folder, out, rng)):
                os.kill(victim, signal.SIGKILL)
                n_killed += 1
            process.wait(timeout=max(1.0, LONGEST_S - (time.monotonic() - began)))
        if process.returncode == 0:
            seconds = round(time.monotonic() - began, 1)
            return {"kills": n_killed, "starts": n_starts, "seconds": seconds}
        if time.monotonic() - began > LONGEST_S:
            raise SystemExit(f"{way}: not done after {LONGEST_S} s and {n_killed} kills")


@contextmanager
def running(argv: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """In a group of its own; what workers leave behind lies in `folder`."""
    process = subprocess.Popen(
        argv, env=os.environ | {"TMPDIR": str(folder)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _victim(
    way: str, process: subprocess.Popen[bytes], folder: Path, out: Path, rng: random.Random
) -> int | None:
    """A process that solves cells, at a moment that nobody knows; None when the run has ended."""
    target, moment = n_answers(out) + rng.randint(0, MOST_MORE), rng.uniform(0.0, 1.5)
    reached = None
    while process.poll() is None:
        if reached is None and n_answers(out) >= target:
            reached = time.monotonic()
        there = [process.pid] if way == "here" else workers(way, str(folder))
        if there and reached is not None and time.monotonic() - reached >= moment:
            return rng.choice(there)
        time.sleep(0.02)
    return None


def n_answers(out: Path) -> int:
    return sum(1 for _ in (out / "answers").rglob("[!.]*.json"))


def workers(way: str, mark: str) -> list[int]:
    """Worker processes of the run that has this text in its environment, found through /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            name = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environ = (path / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if WAYS[way] in name and mark in environ:
            found.append(int(path.name))
    return sorted(found)


def compared(out: Path, calm: Path) -> dict[str, Any]:
    """Whether a run has each of its cells once, and each file of the results as the other run."""
    wanted = Counter(one.file_name for one in cells_in(RunFolder(calm)))
    listed = (out / "answers.sha256").read_text(encoding="utf-8").splitlines()
    found = Counter(line.split(maxsplit=1)[1].removeprefix("answers/") for line in listed)
    return {
        "every cell once": found == wanted and n_answers(out) == wanted.total(),
        "same": {name: (out / name).read_bytes() == (calm / name).read_bytes() for name in RESULTS},
    }


def _is_well(one: Any) -> bool:
    return isinstance(one, str) or (one["every cell once"] and all(one["same"].values()))


def _table(report: dict[str, Any]) -> str:
    lines = [f"{report['cells']} cells; undisturbed: {report['undisturbed_s']} s"]
    for way, one in report["ways"].items():
        if isinstance(one, str):
            lines.append(f"{way:6} {one}")
            continue
        same = "the same" if all(one["same"].values()) else f"NOT THE SAME: {one['same']}"
        once = "every cell once" if one["every cell once"] else "NOT EVERY CELL ONCE"
        lines.append(f"{way:6} {one['kills']} kills, {one['starts']} starts, {one['seconds']} s:"
                     f" {once}, results {same}")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
