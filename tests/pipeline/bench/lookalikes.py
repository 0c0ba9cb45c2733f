"""Small suites of our own in every format, two tasks each: a model can be told to solve one.

`lay` puts one where a fetched suite would lie, so that it is found by its name.
"""

from __future__ import annotations

import base64
import gzip
import json
import pickle
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[dict[str, Any]]


def _function(name: str, text: str, body: str) -> str:
    return f'def {name}(n):\n    """{text}\n\n    >>> {name}(2)\n    4\n    """\n{body}'


def humaneval() -> Rows:
    return [
        {
            "task_id": f"HumanEval/{n}",
            "prompt": _function(name, "Twice n.", ""),
            "entry_point": name,
            "canonical_solution": "    return 2 * n\n",
            "test": "def check(candidate):\n    assert candidate(3) == 6\n"
            "    assert candidate(0) == 0\n    assert candidate(-5) == -10\n",
        }
        for n, name in enumerate(("twofold", "doubled"))
    ]


def humaneval_plus() -> Rows:
    more = {"base_input": [[3], [0]], "plus_input": [[-5], [100]], "atol": 0}
    return [row | more for row in humaneval()]


def humanevalfix() -> Rows:
    buggy = {"buggy_solution": "    return n * n\n", "bug_type": "operator"}
    return [row | buggy for row in humaneval()]


def mbpp() -> Rows:
    return [
        {
            "task_id": 11 + n,
            "text": "Write a function that gives twice n.",
            "code": f"def {name}(n):\r\n    return 2 * n",
            "test_list": [f"assert {name}({x}) == {2 * x}" for x in (2, 5, -1)],
            "test_setup_code": "",
        }
        for n, name in enumerate(("twofold", "doubled"))
    ]


def mbpp_plus() -> Rows:
    rows = []
    for n, name in ((800, "twofold"), (801, "doubled")):
        claim = f"assert {name}(2) == 4"
        rows.append(
            {
                "task_id": f"Mbpp/{n}",
                "prompt": f'"""\nWrite a function that gives twice n.\n{claim}\n"""\n',
                "entry_point": name,
                "canonical_solution": f"\ndef {name}(n):\n    return 2 * n\n",
                "base_input": [[2], [5]],
                "plus_input": [[-1], [0]],
                "atol": 0,
                "assertion": f"\n{claim}\n",
            }
        )
    return rows


def _packed(cases: list[dict[str, str]]) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()


def _case(kind: str, given: str, output: str) -> dict[str, str]:
    return {"input": given, "output": output, "testtype": kind}


def livecodebench() -> Rows:
    called = {
        "question_id": "twofold",
        "question_title": "Twofold",
        "question_content": "Give twice n.",
        "contest_date": "2024-10-05T00:00:00",
        "difficulty": "easy",
        "starter_code": "class Solution:\n    def twofold(self, n: int) -> int:\n        ",
        "metadata": json.dumps({"func_name": "twofold"}),
        "public_test_cases": json.dumps([_case("functional", "2", "4")]),
        "private_test_cases": _packed(
            [_case("functional", "5", "10"), _case("functional", "0", "0")]
        ),
    }
    printed = called | {
        "question_id": "doubled",
        "question_title": "Doubled",
        "question_content": "Read n, print twice n.",
        "starter_code": "",
        "metadata": "{}",
        "public_test_cases": json.dumps([_case("stdin", "2\n", "4\n")]),
        "private_test_cases": _packed([_case("stdin", "5\n", "10"), _case("stdin", "0", "0")]),
    }
    return [called, printed]


def bigcodebench() -> Rows:
    rows = []
    for n, name in enumerate(("twofold", "doubled")):
        head = f"import math\n\ndef {name}(n):\n"
        rows.append(
            {
                "task_id": f"BigCodeBench/{n}",
                "complete_prompt": f'{head}    """Twice n.\n\n    >>> {name}(2)\n    4\n    """\n',
                "instruct_prompt": "Write a function.",
                "code_prompt": head,
                "canonical_solution": "    return 2 * n\n",
                "entry_point": name,
                "libs": "['math']",
                "test": "import unittest\n\nclass TestCases(unittest.TestCase):\n"
                f"    def test_small(self):\n        self.assertEqual({name}(3), 6)\n\n"
                f"    def test_negative(self):\n        self.assertEqual({name}(-3), -6)\n",
            }
        )
    return rows


def quixbugs() -> Rows:
    return [
        {
            "task_id": name,
            "source": _function(name, "Twice n.", "    return n * n\n"),
            "entry_point": name,
            "hidden_tests": [{"input": [x], "output": 2 * x} for x in (3, 0, -5)],
        }
        for name in ("twofold", "doubled")
    ]


def gpqa(path: Path) -> None:
    import csv

    head = ["Question", "Correct Answer", *(f"Incorrect Answer {n}" for n in (1, 2, 3)),
            "Record ID", "High-level domain", "Subdomain"]  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for name in ("twofold", "doubled"):
            choices = [f"{name}: four", "three", "five", "two"]
            writer.writerow([f"What is twice two ({name})?", *choices, name, "Physics", "Numbers"])


def scicode(path: Path) -> None:
    import h5py
    import numpy as np

    rows = []
    with h5py.File(path.with_name("test_data.h5"), "w") as file:
        for n, name in (("901", "twofold"), ("902", "doubled")):
            steps = []
            for step, (function, factor) in enumerate(((name, 2.0), (f"{name}_again", 4.0)), 1):
                number = f"{n}.{step}"
                file[f"{number}/test1/var1"] = factor * np.arange(3.0)
                file[f"{number}/test2/var1"] = factor * 1.5
                steps.append(
                    {
                        "step_number": number,
                        "step_description_prompt": f"Multiply by {factor:g}, step {number}.",
                        "step_background": "Numbers can be multiplied.",
                        "function_header": f"def {function}(x):\n    '''x times {factor:g}'''",
                        "return_line": "    return y",
                        "test_cases": [
                            f"x = np.arange(3.0)\nassert np.allclose({function}(x), target)",
                            "from scicode.compare.cmp import cmp_tuple_or_list\n"
                            f"assert cmp_tuple_or_list([{function}(1.5)], [target])",
                        ],
                    }
                )
            rows.append(
                {
                    "problem_id": n,
                    "problem_name": name,
                    "problem_description_main": f"Multiply ({name}).",
                    "required_dependencies": "import numpy as np",
                    "sub_steps": steps,
                }
            )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def exercism(folder: Path) -> None:
    for name in ("twofold", "doubled"):
        exercise = folder / name
        (exercise / ".meta").mkdir(parents=True)
        (exercise / ".docs").mkdir()
        files = {"solution": [f"{name}.py"], "test": [f"{name}_test.py"]}
        (exercise / ".meta" / "config.json").write_text(json.dumps({"files": files}))
        (exercise / ".docs" / "instructions.md").write_text(f"# {name}\n\nGive twice n.\n")
        (exercise / f"{name}.py").write_text(f"def {name}(n):\n    pass\n")
        (exercise / f"{name}_test.py").write_text(
            f"import unittest\n\nfrom {name} import {name}\n\n\n"
            f"class DoubleTest(unittest.TestCase):\n    def test_three(self):\n"
            f"        self.assertEqual({name}(3), 6)\n\n    def test_negative(self):\n"
            f"        self.assertEqual({name}(-3), -6)\n"
        )


ROWS: dict[str, tuple[str, Callable[[], Rows]]] = {
    "humaneval": ("HumanEval.jsonl.gz", humaneval),
    "humaneval+": ("HumanEvalPlus.jsonl.gz", humaneval_plus),
    "humanevalfix": ("humanevalfix.jsonl.gz", humanevalfix),
    "mbpp": ("mbpp.jsonl.gz", mbpp),
    "mbpp+": ("MbppPlus.jsonl.gz", mbpp_plus),
    "bigcodebench": ("bigcodebench.jsonl.gz", bigcodebench),
    "bigcodebench-hard": ("bigcodebench-hard.jsonl.gz", bigcodebench),
    "quixbugs": ("quixbugs.jsonl.gz", quixbugs),
}


def lay(name: str, suites: Path) -> None:
    """Where `atlas bench fetch` would have put it."""
    known = name.partition("@")[0]
    folder = suites / known
    folder.mkdir(parents=True)
    if known in ROWS:
        file, rows = ROWS[known]
        text = "".join(json.dumps(row) + "\n" for row in rows())
        (folder / file).write_bytes(gzip.compress(text.encode()))
    elif known == "livecodebench":
        for n, row in enumerate([*livecodebench(), {}, {}, {}, {}], start=1):
            file = folder / ("test.jsonl" if n == 1 else f"test{n}.jsonl")
            file.write_text(json.dumps(row) + "\n" if row else "", encoding="utf-8")
    elif known == "gpqa-diamond":
        gpqa(folder / "gpqa_diamond.csv")
    elif known == "scicode":
        scicode(folder / "problems_all.jsonl")
    elif known == "aider-python":
        exercism(folder)


def says(prompt: str) -> str:
    """Right for what is called twofold, wrong for what is called doubled."""
    for line in prompt.splitlines():
        # The letter of a choice that begins with the right name.
        if "twofold: four" in line:
            return f"I think so.\nANSWER: {line.strip('( ')[0]}"
        if "doubled: four" in line:
            return f"ANSWER: {'B' if line.strip('( ')[0] == 'A' else 'A'}"
    factor = "n + n" if "twofold" in prompt else "3 * n"
    if "step 90" in prompt:
        return _step(prompt)
    if "Read n, print twice n." in prompt:
        return "```python\nprint(3 * int(input()))\n```"
    if "class Solution" in prompt:
        return (
            f"```python\nclass Solution:\n    def twofold(self, n):\n        return {factor}\n```"
        )
    name = "twofold" if "twofold" in prompt else "doubled"
    return f"```python\ndef {name}(n):\n    return {factor}\n```"


def _step(prompt: str) -> str:
    name = "twofold" if "twofold" in prompt else "doubled"
    if ".2." in prompt.partition("The next step")[2]:
        inner = f"{name}({name}(x))" if name == "twofold" else "x"
        return f"```python\ndef {name}_again(x):\n    y = {inner}\n    return y\n```"
    return f"```python\ndef {name}(x):\n    y = 2 * x\n    return y\n```"
