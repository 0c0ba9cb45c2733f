"""Planted bugs in functions with few examples, as tasks for `benchmarks.repair`.

`python -m benchmarks.planted OUT [--n N] [--seed S] [--json] [--quick]` writes `planted.jsonl.gz`
(functions with two or three examples as doctests) and `planted.hidden.jsonl.gz` (what the right
function gives on the inputs of MBPP+) to the folder OUT/repair.
Half of the bugs are one change, half are two, or a statement that is gone, which few small edits
mend: there what passes is mostly luck. The changes are made here, not by `pipeline/edits`.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import copy
import gzip
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.syntax.text import parse
from sandbox import open_sandbox
from sandbox.api import Call, Job, Limits, Observation, Outcome, Sandbox, SandboxUnavailable

LIMITS = Limits(cpu_s=3.0, memory_mb=512)
MOST_INPUTS, LONGEST = 40, 300
N_EXAMPLES = (2, 3)
QUICK = 6
Place = Callable[[], None]
"""Makes one change of a tree, in place."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--n", type=int, default=100, help="how many tasks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} tasks")
    parser.add_argument("--json", action="store_true", help="one JSON document, no sentence")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="data folder")
    args = parser.parse_args()
    suite = args.data / "suites" / "MbppPlus.jsonl.gz"
    if not suite.is_file():
        print(f"benchmarks.planted: skipped, no {suite}; give --data FOLDER")
        return 0
    try:
        made = asyncio.run(planted(suite, QUICK if args.quick else args.n, args.seed))
    except SandboxUnavailable as exc:
        print(f"benchmarks.planted: {exc}", file=sys.stderr)
        return 3
    folder = args.out / "repair"
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "planted.jsonl.gz", [task for task, _ in made])
    write(folder / "planted.hidden.jsonl.gz", [hidden for _, hidden in made])
    said = {"tasks": len(made), "folder": str(folder), "seed": args.seed}
    print(json.dumps(said) if args.json else f"{len(made)} tasks in {folder}")
    return 0


def write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


Made = tuple[dict[str, str], dict[str, str]]


async def planted(suite: Path, n: int, seed: int) -> list[Made]:
    rng = random.Random(seed)
    with gzip.open(suite, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    rng.shuffle(records)
    made: list[Made] = []
    box = open_sandbox()
    await box.start()
    try:
        for record in records:
            if len(made) == n:
                break
            if one := await plant(box, record, rng):
                made.append(one)
    finally:
        await box.aclose()
    return made


async def plant(box: Sandbox, record: dict[str, object], rng: random.Random) -> Made | None:
    """The task and its hidden test; None where no change of it shows on an example."""
    code, entry = str(record["canonical_solution"]).strip() + "\n", str(record["entry_point"])
    given, more = record["base_input"], record["plus_input"]
    if not isinstance(given, list) or not isinstance(more, list):
        return None
    inputs = [args for args in (*given, *more) if len(repr(args)) <= LONGEST][:MOST_INPUTS]
    wants = await results(box, code, entry, inputs)
    known = [(a, w) for a, w in zip(inputs, wants, strict=True) if w is not None]
    n_shown = rng.choice(N_EXAMPLES)
    if len(known) < 3 * n_shown or "def " not in code or code.count("\ndef ") > 0:
        return None
    shown, hidden = known[:n_shown], known[n_shown:]
    for wrong in wrong_versions(code, rng):
        seen = await results(box, wrong, entry, [args for args, _ in shown])
        if any(one != want for one, (_, want) in zip(seen, shown, strict=True)):
            source = with_docstring(wrong, entry, said_of(record), shown)
            task = {"task_id": f"planted/{record['task_id']}", "entry_point": entry}
            asked = "".join(f"assert repr({entry}(*{a!r})) == {w!r}\n" for a, w in hidden)
            return task | {"source": source}, {"task_id": task["task_id"], "test": asked}
    return None


def said_of(record: dict[str, object]) -> str:
    prompt = str(record["prompt"]).strip().strip('"').strip()
    return prompt.partition("\nassert")[0].strip().replace("\\", "\\\\")


async def results(
    box: Sandbox, code: str, entry: str, inputs: Sequence[list[object]]
) -> list[str | None]:
    """The repr of each result; None for what is no plain value, or raises."""
    jobs = [Job(code=code, form=Call(entry=entry, args=tuple(a)), limits=LIMITS) for a in inputs]
    return [shown_result(one) for one in await box.run(jobs)]


def shown_result(seen: Observation) -> str | None:
    plain = isinstance(seen.value, bool | int | float | str | list | tuple | type(None))
    return repr(seen.value) if seen.outcome is Outcome.RETURNED and plain else None


def with_docstring(
    code: str, entry: str, said: str, shown: Sequence[tuple[list[object], str]]
) -> str:
    """The code with a docstring that says what it should do, with the examples."""
    tree = parsed(code)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == entry)
    lines = [said, ""]
    for args, want in shown:
        lines += [f">>> {entry}({', '.join(map(repr, args))})", want]
    text = "\n    ".join([*lines, ""])
    function.body.insert(0, ast.Expr(value=ast.Constant(value=text)))
    return ast.unparse(tree) + "\n"


def parsed(code: str) -> ast.Module:
    tree = parse(code)
    assert tree is not None, "a reference that is no Python"
    return tree


# --- the bugs ------------------------------------------------------------------------------------


def wrong_versions(code: str, rng: random.Random) -> Iterator[str]:
    """Versions with one change, or with two or a statement less, as the dice say."""
    is_hard = rng.random() < 0.5
    for _ in range(12):
        tree = parsed(code)
        places = list(hard_places(tree) if is_hard and rng.random() < 0.5 else places_of(tree))
        if not places:
            continue
        for change in rng.sample(places, min(len(places), 2 if is_hard else 1)):
            change()
        text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
        if text != ast.unparse(parsed(code)) + "\n":
            yield text


COMPARE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq}
ARITHMETIC = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add},
    **{ast.Div: ast.FloorDiv, ast.FloorDiv: ast.Mod, ast.Mod: ast.FloorDiv},
}


def places_of(tree: ast.Module) -> Iterator[Place]:
    """Every change of one operator, number, name, argument order or condition."""
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and len(n.id) > 0})
    for node in ast.walk(tree):
        match node:
            case ast.Compare(ops=[op]) if type(op) in COMPARE:
                yield _setter(node, "ops", [COMPARE[type(op)]()])
            case ast.BinOp(op=op) if type(op) in ARITHMETIC:
                yield _setter(node, "op", ARITHMETIC[type(op)]())
            case ast.BoolOp(op=ast.And()):
                yield _setter(node, "op", ast.Or())
            case ast.BoolOp(op=ast.Or()):
                yield _setter(node, "op", ast.And())
            case ast.Constant(value=int() as number) if not isinstance(number, bool):
                yield _setter(node, "value", number + 1)
                yield _setter(node, "value", number - 1)
            case ast.Call(args=[first, second]):
                yield _setter(node, "args", [second, first])
            case ast.If(test=test):
                yield _setter(node, "test", ast.UnaryOp(op=ast.Not(), operand=test))
            case ast.Name(ctx=ast.Load(), id=name) if len(names) > 1:
                other = names[(names.index(name) + 1) % len(names)]
                yield _setter(node, "id", other)


def hard_places(tree: ast.Module) -> Iterator[Place]:
    """A statement that is gone, or a result that is cut short."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not isinstance(node, ast.stmt):
            continue
        for at, stmt in enumerate(body):
            if not isinstance(stmt, ast.Return) and len(body) > 1:
                yield _setter(node, "body", [*body[:at], *body[at + 1 :]])
            if isinstance(stmt, ast.Return) and isinstance(stmt.value, ast.BinOp | ast.BoolOp):
                value = stmt.value
                part = value.left if isinstance(value, ast.BinOp) else value.values[0]
                yield _setter(stmt, "value", copy.deepcopy(part))


def _setter(node: ast.AST, name: str, value: object) -> Place:
    return lambda: setattr(node, name, value)


if __name__ == "__main__":
    sys.exit(main())
