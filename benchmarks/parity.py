"""Our verdicts beside those of EvalPlus 0.3.1 on the same programs: differences, one by one.

Programs: every reference, right programs made from references by rewriting them, and wrong ones
made by mutating them or what they return. EvalPlus is installed from the index into a folder of
its own and runs as a user without rights; ours runs in the sandbox.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import copy
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.bench.hidden import locate, read_suite
from pipeline.bench.scorer import MEMORY_MB
from pipeline.syntax.text import parse
from sandbox import open_sandbox

NEEDS = ("numpy", "appdirs", "multipledispatch", "psutil", "tempdir", "termcolor", "tqdm", "wget")
NOBODY = 65534
FOLDER = Path(tempfile.gettempdir()) / "atlas-evalplus-0.3.1"
SIX = {
    "Mbpp/234": "def volume_cube(l):\n    return l*l*l\n",
    "Mbpp/606": "import math\ndef radian_degree(d):\n    return math.radians(d)\n",
    "Mbpp/581": "import math\ndef surface_Area(b, h):\n"
    "    return round(b * b + 2 * b * math.sqrt((b / 2) ** 2 + h * h))\n",
    "Mbpp/558": "def digit_distance_nums(a, b):\n    x, y = str(a), str(b)\n"
    "    n = max(len(x), len(y))\n"
    "    return sum(abs(int(p) - int(q)) for p, q in zip(x.zfill(n), y.zfill(n)))\n",
    "Mbpp/14": "def find_Volume(a, b, c):\n    return 0.5*a*b*c\n",
    "Mbpp/731": "import math\ndef lateralsurface_cone(r, h):\n"
    "    return math.pi * r * (r * r + h * h) ** 0.5\n",
}
"""Right programs that were failed before the rule was EvalPlus's own."""


@dataclass(frozen=True, kw_only=True)
class Case:
    task_id: str
    kind: str
    """`reference`, `six`, `right` or `wrong`."""
    solution: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    case: Case
    upstream: dict[str, bool]
    ours: dict[str, bool]
    why: str


def main() -> int:
    args = _arguments()
    suites = [(Path(args.data) / name, kind) for name, kind in
              (("HumanEvalPlus.jsonl.gz", "humaneval"), ("MbppPlus.jsonl.gz", "mbpp"))]  # fmt: skip
    if not all(path.exists() for path, _ in suites):
        print(f"skipped: {args.data} has no HumanEvalPlus.jsonl.gz and MbppPlus.jsonl.gz")
        return 0
    python = Path(args.evalplus) if args.evalplus else install(FOLDER)
    n = 12 if args.quick else args.n
    report: dict[str, Any] = {"programs": {}, "differences": [], "seconds": {}}
    for path, kind in suites:
        cases = list(cases_of(path, n // 2, quick=args.quick, seed=args.seed))
        _compare(path, kind, cases, python, report)
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        _print(report)
    return 1 if any(not one["why"] for one in report["differences"]) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="../shared/data/suites", help="folder of both suites")
    parser.add_argument("--evalplus", help="an interpreter that has EvalPlus 0.3.1")
    parser.add_argument("--n", type=int, default=300, help="right variants, and wrong mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="12 of each, 20 references")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def install(folder: Path) -> Path:
    """An interpreter with EvalPlus 0.3.1 and what its scoring imports, from the index.

    It lies where a user without rights can read it, made of a Python that such a user can run.
    """
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([_python_for_all(), "-m", "venv", str(folder)], check=True, timeout=600)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-deps", "evalplus==0.3.1"], check=True, timeout=600)
        subprocess.run([*pip, *NEEDS], check=True, timeout=600)
        (folder / "installed").touch()
    return python


def _python_for_all() -> str:
    own = Path(sys.executable).resolve()
    is_open = all(part.stat().st_mode & 0o001 for part in own.parents)
    return str(own) if is_open else "/usr/bin/python3"


# --- programs ------------------------------------------------------------------------------------


def cases_of(path: Path, n: int, *, quick: bool, seed: int) -> Iterator[Case]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rng = random.Random(seed)
    sources = {row["task_id"]: row["prompt"] + row["canonical_solution"] for row in rows}
    entries = {row["task_id"]: row["entry_point"] for row in rows}
    for task_id, source in list(sources.items())[: 10 if quick else None]:
        yield Case(task_id=task_id, kind="reference", solution=source)
    for task_id, source in SIX.items():
        if task_id in sources:
            yield Case(task_id=task_id, kind="six", solution=source)
    for kind, made in (("right", right), ("wrong", wrong)):
        found = 0
        while found < n:
            task_id = rng.choice(list(sources))
            solution = made(sources[task_id], entries[task_id], rng)
            if solution is not None:
                found += 1
                yield Case(task_id=task_id, kind=kind, solution=solution)


def right(source: str, entry: str, rng: random.Random) -> str | None:
    """Another text that does the same: turned comparisons, swapped branches, a wrapper."""
    tree = parse(source)
    if tree is None:
        return None
    if rng.random() < 0.35:
        inner = rng.choice(_SAME)
        return f"{source}\n\n_own = {entry}\ndef {entry}(*args):\n    out = _own(*args)\n{inner}"
    places = [n for n in ast.walk(tree) if _turn(copy.deepcopy(n)) is not None]
    if not places:
        return None
    chosen = set(map(id, rng.sample(places, min(len(places), rng.randint(1, 4)))))
    return ast.unparse(ast.fix_missing_locations(_Replace(chosen, _turn).visit(tree)))


_SAME = (
    "    import copy\n    return copy.deepcopy(out)\n",
    "    return out * (1 + 1e-12) if type(out) is float else out\n",
    "    return [*out] if type(out) is list else out\n",
    "    return out + 0 if type(out) in (int, float) else out\n",
    "    return dict(out) if type(out) is dict else out\n",
)
_MIRROR = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE,
           ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}  # fmt: skip


def _turn(node: ast.AST) -> ast.AST | None:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[other]) if type(op) in _MIRROR:
            return ast.Compare(left=other, ops=[_MIRROR[type(op)]()], comparators=[left])
        case ast.If(test=test, body=body, orelse=[_, *_] as orelse):
            turned = ast.UnaryOp(op=ast.Not(), operand=test)
            return ast.If(test=turned, body=orelse, orelse=body)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            turned = ast.UnaryOp(op=ast.Not(), operand=test)
            return ast.IfExp(test=turned, body=orelse, orelse=body)
    return None


def wrong(source: str, entry: str, rng: random.Random) -> str | None:
    """One small thing changed, in the program or in what it returns."""
    tree = parse(source)
    if tree is None:
        return None
    if rng.random() < 0.5:
        inner = rng.choice(_SPOILT)
        return f"{source}\n\n_own = {entry}\ndef {entry}(*args):\n    out = _own(*args)\n{inner}"
    places = [n for n in ast.walk(tree) if _spoil(copy.deepcopy(n), random.Random(0)) is not None]
    if not places:
        return None
    chosen = {id(rng.choice(places))}
    spoilt = _Replace(chosen, lambda node: _spoil(node, rng)).visit(tree)
    return ast.unparse(ast.fix_missing_locations(spoilt))


_SPOILT = (
    "    return tuple(out) if type(out) is list else list(out) if type(out) is tuple else out\n",
    "    return out * (1 + 1e-4) if type(out) is float else out\n",
    "    return out + 1e-7 if type(out) is float else out\n",
    "    return out + 1 if type(out) is int else out\n",
    "    return float(out) if type(out) is int else out\n",
    "    return int(out) if type(out) is bool else not out\n",
    "    return out[::-1] if type(out) in (list, tuple, str) else None\n",
    "    return out[:-1] if type(out) in (list, tuple, str) else str(out)\n",
    "    return [*out, *out[:1]] if type(out) is list else out\n",
    "    return iter(out) if type(out) is list else out\n",
    "    return args[0] if args else out\n",
    "    raise ValueError(out)\n",
    "    import sys\n    sys.exit(0)\n",
    "    print(out)\n",
)
_OTHER = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
          ast.NotEq: ast.Eq, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
          ast.FloorDiv: ast.Div, ast.Div: ast.FloorDiv, ast.Mod: ast.FloorDiv,
          ast.And: ast.Or, ast.Or: ast.And}  # fmt: skip


def _spoil(node: ast.AST, rng: random.Random) -> ast.AST | None:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[other]) if type(op) in _OTHER:
            return ast.Compare(left=left, ops=[_OTHER[type(op)]()], comparators=[other])
        case ast.BinOp(left=left, op=op, right=other) if type(op) in _OTHER:
            return ast.BinOp(left=left, op=_OTHER[type(op)](), right=other)
        case ast.BoolOp(op=op, values=values):
            return ast.BoolOp(op=_OTHER[type(op)](), values=values)
        case ast.Constant(value=bool() as value):
            return ast.Constant(value=not value)
        case ast.Constant(value=int() as value):
            return ast.Constant(value=value + rng.choice((1, -1)))
    return None


class _Replace(ast.NodeTransformer):
    def __init__(self, chosen: set[int], change: Any) -> None:
        self._chosen, self._change = chosen, change

    def visit(self, node: ast.AST) -> Any:
        wanted = id(node) in self._chosen
        node = self.generic_visit(node)
        return (self._change(node) or node) if wanted else node


# --- both sides ----------------------------------------------------------------------------------


def _compare(
    path: Path, kind: str, cases: Sequence[Case], python: Path, report: dict[str, Any]
) -> None:
    began = time.monotonic()
    theirs = upstream(path, kind, cases, python)
    middle = time.monotonic()
    ours = asyncio.run(own(path, cases))
    report["seconds"][path.name] = {
        "evalplus": round(middle - began, 1),
        "ours": round(time.monotonic() - middle, 1),
    }
    for case, a, b in zip(cases, theirs, ours, strict=True):
        count = report["programs"].setdefault(case.kind, {"n": 0, "passed_upstream": 0, "same": 0})
        count["n"] += 1
        count["passed_upstream"] += a["base"] and a["plus"]
        same = a["base"] == b["base"] and (a["base"] and a["plus"]) == b["passed"]
        count["same"] += same
        if not same:
            found = Difference(case=case, upstream=a, ours=b, why=explained(case, a, b))
            report["differences"].append(asdict(found))


def explained(case: Case, theirs: dict[str, bool], ours: dict[str, bool]) -> str:
    """The known reasons for which we differ; "" is a fault of ours."""
    if case.task_id == "HumanEval/32" and not theirs["base"]:
        return "EvalPlus 0.3.1 leaves its loop before it notes a right root: nothing passes there"
    if case.task_id == "Mbpp/599" and theirs["base"] and ours["passed"]:
        return "its reference alone takes about upstream's 60 s of wall clock on a busy machine"
    if "import numpy" in case.solution and theirs["base"] and not ours["base"]:
        return "numpy is not in the default image"
    return ""


def upstream(path: Path, kind: str, cases: Sequence[Case], python: Path) -> list[dict[str, bool]]:
    """EvalPlus's verdicts, from a process without rights in an empty folder."""
    script = Path(__file__).with_name("parity_evalplus.py").read_text(encoding="utf-8")
    lines = "".join(json.dumps(asdict(case)) + "\n" for case in cases)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        suite = Path(folder) / path.name
        suite.write_bytes(path.read_bytes())
        suite.chmod(0o644)
        fence: dict[str, Any] = {}
        if os.geteuid() == 0:
            fence = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(
            [str(python), "-c", script, str(suite), kind],
            input=lines, stdout=subprocess.PIPE, text=True, cwd=folder, timeout=3600, check=False,
            env={"HOME": folder, "TMPDIR": folder, "PATH": "/usr/bin:/bin"},
            preexec_fn=_limit, **fence,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"EvalPlus ended with {done.returncode}; its last words are above")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28))
    resource.setrlimit(resource.RLIMIT_NPROC, (256, 256))
    resource.setrlimit(resource.RLIMIT_CPU, (1800, 1800))


async def own(path: Path, cases: Sequence[Case]) -> list[dict[str, bool]]:
    """Our verdicts, in the sandbox."""
    by_task: dict[str, list[str]] = {}
    for case in cases:
        by_task.setdefault(case.task_id, []).append(case.solution)
    hidden = {p.task_id: h for p, h in read_suite(locate(str(path))) if p.task_id in by_task}
    found: dict[tuple[str, str], dict[str, bool]] = {}
    waiting = iter(by_task.items())
    box = open_sandbox("docker", memory_mb=MEMORY_MB)

    async def work() -> None:
        for task_id, programs in waiting:
            grades = await hidden[task_id].grader.grade(box, programs, task_id)
            for program, grade in zip(programs, grades, strict=True):
                marks = {name: bool(grade.marks[name]) for name in ("base", "strict")}
                found[task_id, program] = {"passed": grade.passed, **marks}

    try:
        await box.start()
        await asyncio.gather(*(work() for _ in range(4)))
    finally:
        await box.aclose()
    return [found[case.task_id, case.solution] for case in cases]


def _print(report: dict[str, Any]) -> None:
    print(f"{'programs':12} {'n':>5} {'pass upstream':>14} {'same verdict':>13}")
    for kind, one in report["programs"].items():
        print(f"{kind:12} {one['n']:5} {one['passed_upstream']:14} {one['same']:13}")
    for name, seconds in report["seconds"].items():
        print(f"{name}: EvalPlus {seconds['evalplus']} s, ours {seconds['ours']} s")
    for one in report["differences"]:
        case = one["case"]
        print(
            f"\n{case['task_id']} ({case['kind']}): upstream {one['upstream']}, ours {one['ours']}"
        )
        print(f"  {one['why'] or 'NOT EXPLAINED'}\n{case['solution']}")


if __name__ == "__main__":
    sys.exit(main())
