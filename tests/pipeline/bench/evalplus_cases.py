"""Tasks of our own in EvalPlus's format, and programs with the verdict that EvalPlus 0.3.1 gave.

`python tests/pipeline/bench/evalplus_cases.py` asks EvalPlus anew and prints what differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Case:
    task_id: str
    about: str
    program: str
    base: bool
    plus: bool
    strict: bool
    """What we hold to be right."""
    flaw: bool = False
    """Upstream is broken here, and our official verdict is what its rule means, as in `strict`."""


def _row(task_id: str, entry: str, body: str, base: Any, plus: Any, atol: float = 0) -> Any:
    args = "a" if len(base[0]) == 1 else "a, b"
    prompt = f"def {entry}({args}):\n"
    return {
        "task_id": task_id,
        "prompt": prompt,
        "entry_point": entry,
        "canonical_solution": f"    {body}\n",
        "base_input": base,
        "plus_input": plus,
        "atol": atol,
    }


HUMANEVAL = [
    _row("HumanEval/1", "half", "return a / 2", [[8]], [[5], [-3]]),
    _row("HumanEval/2", "shares", "return [[a / 3], 'x']", [[1]], [[2]]),
    _row("HumanEval/3", "mixed", "return a * 1.5 if a < 5 else a", [[1], [10**9]], [[2], [10**9]]),
    _row("HumanEval/4", "listed", "return list(range(a))", [[3]], [[0], [5]]),
    _row("HumanEval/32", "find_zero", "return -a[0] / a[1]", [[[1.0, 2.0]]], [[[3.0, 4.0]]], 1e-4),
    _row("HumanEval/6", "is_even", "return a % 2 == 0", [[2]], [[3]]),
    _row("HumanEval/7", "number", "return a", [[2]], [[3]]),
    _row("HumanEval/8", "floats", "return [a / 3, a / 7]", [[1]], [[2]]),
]
MBPP = [
    _row("Mbpp/581", "surface_Area", "return b * 2 * a + a * a", [[3, 4]], [[4, 5]]),
    _row("Mbpp/558", "digit_distance_nums", "return sum(map(int, str(abs(a - b))))",
         [[1, 2]], [[23, 56], [7, 12]]),
    _row("Mbpp/2", "similar_elements", "return tuple(set(a) & set(b))",
         [[[3, 4, 5], [5, 4]]], [[[1], [2]]]),
    _row("Mbpp/794", "text_starta_endb", "import re; return re.search('a.*?b$', a)",
         [["aabb"]], [["xyz"]]),
    _row("Mbpp/470", "pairwise", "return tuple(x + y for x, y in zip(a, a[1:]))",
         [[[1, 5, 7]]], [[[2, 6]]]),
]  # fmt: skip


def _def(entry: str, body: str, args: str = "a") -> str:
    return f"import math\n\ndef {entry}({args}):\n    {body}\n"


CASES = [
    Case(task_id="HumanEval/1", about="the same", program=_def("half", "return a * 0.5"),
         base=True, plus=True, strict=True),
    Case(task_id="HumanEval/1", about="an int for a whole float",
         program=_def("half", "return a // 2 if a % 2 == 0 else a / 2"),
         base=True, plus=True, strict=True),
    Case(task_id="HumanEval/1", about="off by 1e-7", program=_def("half", "return a / 2 + 1e-7"),
         base=True, plus=True, strict=True),
    Case(task_id="HumanEval/1", about="off by 1e-5", program=_def("half", "return a / 2 + 1e-5"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/1", about="right on base only",
         program=_def("half", "return a / 2 if a == 8 else 0.0"),
         base=True, plus=False, strict=False),
    Case(task_id="HumanEval/1", about="a text", program=_def("half", "return str(a / 2)"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/2", about="floats deep inside, in their last digit",
         program=_def("shares", "return [[a / 3 + 1e-12], 'x']"),
         base=False, plus=False, strict=True),
    Case(task_id="HumanEval/2", about="the same", program=_def("shares", "return [[a / 3], 'x']"),
         base=True, plus=True, strict=True),
    Case(task_id="HumanEval/3", about="a large whole number off by one, after a float",
         program=_def("mixed", "return a * 1.5 if a < 5 else a + 1"),
         base=True, plus=True, strict=False),
    Case(task_id="HumanEval/4", about="a tuple for a list",
         program=_def("listed", "return tuple(range(a))"), base=False, plus=False, strict=False),
    Case(task_id="HumanEval/4", about="a range for a list",
         program=_def("listed", "return range(a)"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/4", about="a kind of list",
         program="class L(list):\n    pass\n\n" + _def("listed", "return L(range(a))"),
         base=True, plus=True, strict=True),
    Case(task_id="HumanEval/4", about="it prints too",
         program=_def("listed", "print(a); return [*range(a)]"), base=True, plus=True, strict=True),
    Case(task_id="HumanEval/4", about="it reads input",
         program=_def("listed", "input(); return [*range(a)]"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/4", about="no such function", program=_def("other", "return []"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/4", about="no Python", program="def listed(a:\n    return []\n",
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/4", about="it ends the process",
         program=_def("listed", "import sys; sys.exit(0)"), base=False, plus=False, strict=False),
    # EvalPlus 0.3.1 leaves its loop before it notes that the root is right: nothing passes.
    Case(task_id="HumanEval/32", about="another root finder",
         program=_def("find_zero", "return -a[0] / a[1] + 1e-6"),
         base=False, plus=False, strict=True, flaw=True),
    Case(task_id="HumanEval/32", about="not near enough",
         program=_def("find_zero", "return -a[0] / a[1] + 1e-3"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/32", about="no number", program=_def("find_zero", "return None"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/6", about="1 for True", program=_def("is_even", "return 1 - a % 2"),
         base=True, plus=True, strict=False),
    Case(task_id="HumanEval/7", about="a float for an int",
         program=_def("number", "return float(a)"),
         base=True, plus=True, strict=True),
    Case(task_id="HumanEval/7", about="nothing", program=_def("number", "pass"),
         base=False, plus=False, strict=False),
    Case(task_id="HumanEval/8", about="off by 1e-9",
         program=_def("floats", "return [a / 3 + 1e-9, a / 7]"), base=True, plus=True, strict=True),
    Case(task_id="HumanEval/8", about="a tuple of floats",
         program=_def("floats", "return (a / 3, a / 7)"), base=False, plus=False, strict=False),
    Case(task_id="HumanEval/8", about="one too many",
         program=_def("floats", "return [a / 3, a / 7, 0.0]"),
         base=False, plus=False, strict=False),
    Case(task_id="Mbpp/581", about="the height of the pyramid",
         program=_def("surface_Area",
                      "return round(a * a + 2 * a * math.sqrt(a * a / 4 + b * b))", "a, b"),
         base=True, plus=True, strict=True),
    Case(task_id="Mbpp/581", about="neither", program=_def("surface_Area", "return a * b", "a, b"),
         base=False, plus=False, strict=False),
    Case(task_id="Mbpp/558", about="digit by digit",
         program=_def("digit_distance_nums",
                      "return sum(abs(int(x) - int(y)) for x, y in"
                      " zip(str(a).zfill(9), str(b).zfill(9)))", "a, b"),
         base=True, plus=True, strict=True),
    Case(task_id="Mbpp/558", about="the difference",
         program=_def("digit_distance_nums", "return abs(a - b)", "a, b"),
         base=True, plus=False, strict=False),
    Case(task_id="Mbpp/2", about="another order, twice each, a list",
         program=_def("similar_elements", "return [x for x in b if x in a] * 2", "a, b"),
         base=True, plus=True, strict=True),
    Case(task_id="Mbpp/2", about="a generator",
         program=_def("similar_elements", "return (x for x in b if x in a)", "a, b"),
         base=True, plus=True, strict=True),
    Case(task_id="Mbpp/2", about="one too few",
         program=_def("similar_elements", "return [x for x in b if x in a][1:]", "a, b"),
         base=False, plus=False, strict=False),
    Case(task_id="Mbpp/794", about="a truth value",
         program=_def("text_starta_endb", "return a.endswith('b') and 'a' in a"),
         base=True, plus=True, strict=True),
    Case(task_id="Mbpp/794", about="a match object",
         program=_def("text_starta_endb", "import re; return re.match('.*a.*b$', a)"),
         base=True, plus=True, strict=True),
    Case(task_id="Mbpp/794", about="always something",
         program=_def("text_starta_endb", "return 'Not matched!'"),
         base=True, plus=False, strict=False),
    Case(task_id="Mbpp/470", about="its input is a tuple",
         program=_def("pairwise", "return tuple(map(sum, zip(a, a[1:] + ())))"),
         base=True, plus=True, strict=True),
]  # fmt: skip


def write(rows: list[Any], path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def differences(folder: Path) -> Iterator[str]:
    """What EvalPlus itself says otherwise than the table."""
    from benchmarks import parity

    python = parity.install(parity.FOLDER)
    for rows, kind in ((HUMANEVAL, "humaneval"), (MBPP, "mbpp")):
        ids = {row["task_id"] for row in rows}
        cases = [one for one in CASES if one.task_id in ids]
        asked = [parity.Case(task_id=c.task_id, kind="", solution=c.program) for c in cases]
        path = write(rows, folder / f"{kind}.jsonl")
        for case, found in zip(cases, parity.upstream(path, kind, asked, python), strict=True):
            if (found["base"], found["base"] and found["plus"]) != (case.base, case.plus):
                yield f"{case.task_id}, {case.about}: EvalPlus says {found}"


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(differences(Path(folder))) or "nothing differs")
