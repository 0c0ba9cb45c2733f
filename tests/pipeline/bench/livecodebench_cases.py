"""Programs with the verdict of LiveCodeBench's own `testing_util`, and lines that it compared.

`python tests/pipeline/bench/livecodebench_cases.py` asks it anew and prints what differs: its
text as NVIDIA packs it, from the index, run as a user without rights.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

UPSTREAM = "nvidia-livecodebench==26.3"
SINCE_28FEF95 = {"buffer.read"}
"""What this text is too old for: there `sys.stdin` has no `buffer` yet. Read in the newer one."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    about: str
    program: str
    official: bool
    strict: bool


TWICE = (("2\n3\n", "5"), ("10\n-4\n", "6\n"))
PROGRAMS = [
    Rule(about="input()", program="print(int(input()) + int(input()))",
         official=True, strict=True),
    Rule(about="imports that upstream brings", program="print(reduce(add, map(int, sys.stdin)))",
         official=True, strict=True),
    Rule(about="under __main__", official=True, strict=True,
         program="def main():\n    print(sum(map(int, sys.stdin)))\n\n"
                 "if __name__ == '__main__':\n    main()\n"),
    Rule(about="open(0): the prelude has bound the real one before upstream puts its own there",
         program="print(sum(map(int, open(0).read().split())))", official=False, strict=True),
    Rule(about="exits with 0", program="print(sum(map(int, sys.stdin)))\nsys.exit(0)",
         official=True, strict=True),
    Rule(about="exits with 1 after a right answer", official=True, strict=False,
         program="print(sum(map(int, sys.stdin)))\nsys.exit(1)"),
    Rule(about="buffer.readline twice: upstream gives the first line again",
         program="r = sys.stdin.buffer.readline\nprint(int(r()) + int(r()))",
         official=False, strict=True),
    Rule(about="buffer.read", program="print(sum(map(int, sys.stdin.buffer.read().split())))",
         official=True, strict=True),
    Rule(about="global: upstream has made it a local of its wrapper", official=False, strict=True,
         program="n = 0\ndef add_up():\n    global n\n    n += sum(map(int, sys.stdin))\n"
                 "add_up()\nprint(n)"),
    Rule(about="stdout.buffer: upstream's screen has none", official=False, strict=True,
         program="sys.stdout.buffer.write(str(sum(map(int, sys.stdin))).encode())"),
    Rule(about="a text of several lines", official=True, strict=True,
         program='s = """\n  a\n"""\nprint(sum(map(int, sys.stdin)) + s.count("b"))'),
    Rule(about="reads more than there is", program="print(sum(int(input()) for _ in range(3)))",
         official=False, strict=False),
    Rule(about="wrong on the second test", program="print(5)", official=False, strict=False),
    Rule(about="raises after a right answer", official=False, strict=False,
         program="print(sum(map(int, sys.stdin)))\n1 / 0"),
    Rule(about="no Python", program="print(", official=False, strict=False),
]  # fmt: skip


def _solution(body: str) -> str:
    return f"class Solution:\n    def f(self, n):\n        {body}\n"


CALLS = [
    Rule(about="a method", program=_solution("return [n, [n]]"), official=True, strict=True),
    Rule(about="a plain function", program="def f(n):\n    return [n, [n]]\n",
         official=True, strict=True),
    Rule(about="a tuple outside", program=_solution("return (n, [n])"), official=True, strict=True),
    Rule(about="a tuple inside", program=_solution("return [n, (n,)]"),
         official=False, strict=True),
    Rule(about="floats for ints", program=_solution("return [n + 0.0, [n]]"),
         official=True, strict=True),
    Rule(about="no tolerance", program=_solution("return [n + 1e-9, [n]]"),
         official=False, strict=False),
    Rule(about="True for 1", program=_solution("return [n == 1 or n, [n]]"),
         official=True, strict=False),
    Rule(about="it prints", program=_solution("print(n); return [n, [n]]"),
         official=True, strict=True),
    Rule(about="imports that upstream brings", official=True, strict=True,
         program=_solution("return [*Counter([n]), deepcopy([n])]")),
    Rule(about="one instance for all calls", official=False, strict=False,
         program="class Solution:\n    seen = 0\n    def f(self, n):\n"
                 "        self.seen += 1\n        return [n, [n]] if self.seen == 1 else 0\n"),
    Rule(about="the class only in a comment", official=False, strict=False,
         program="# no class Solution\ndef f(n):\n    return [n, [n]]\n"),
    Rule(about="another name", program=_solution("return 0").replace("f(", "g("),
         official=False, strict=False),
]  # fmt: skip
NESTED = (((1,), [1, [1]]), ((7,), [7, [7]]))
LINES = [
    ("3", "3", True),
    ("3\n\n", "3", True),
    (" 1 2 ", "1 2", True),
    ("1\r\n2", "1\n2", True),
    ("1  2", "1 2", True),
    ("1.0", "1", True),
    ("0.50", "0.5", True),
    ("1e2", "100", True),
    ("", "", True),
    ("NaN", "NaN", True),
    ("1\n2", "1 2", False),
    ("1\n\n2", "1\n2", False),
    ("1.0000001", "1", False),
    ("50000000000000000", "50000000000000001", False),
    ("a  b", "a b", False),
    ("YES", "Yes", False),
    ("nan 1", "nan  1", False),
    ("1 2", "1 2 3", False),
]


# --- upstream ------------------------------------------------------------------------------------

ASK = """
import json, os, sys
from testing_util import run_test
for line in sys.stdin:
    one, (reads, writes) = json.loads(line), os.pipe()
    if os.fork() == 0:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        sys.stdin = open(os.devnull)
        said = b"-"
        write = os.write
        leave = os._exit
        try:
            said = b"+" if all(x is True for x in run_test(one, one["program"])[0]) else b"-"
        finally:
            write(writes, said)
            leave(0)
    os.close(writes)
    os.wait()
    print(os.read(reads, 1).decode(), flush=True)
    os.close(reads)
"""


def differences(folder: Path) -> Iterator[str]:
    """What upstream itself says otherwise than the tables."""
    asked = [(rule.about, rule.official, _stdio(rule.program, TWICE)) for rule in PROGRAMS]
    asked += [(rule.about, rule.official, _call(rule.program)) for rule in CALLS]
    asked += [
        (f"{got!r} for {wanted!r}", same, _stdio(f"print({got!r}, end='')", (("", wanted),)))
        for got, wanted, same in LINES
    ]
    for (about, official, _), said in zip(asked, _said(folder, asked), strict=True):
        if (said == "+") != official and about not in SINCE_28FEF95:
            yield f"{about}: upstream says {said}"


def _stdio(program: str, cases: tuple[tuple[str, str], ...]) -> dict[str, str]:
    inputs, outputs = zip(*cases, strict=True)
    return {"program": program, "input_output": json.dumps({"inputs": inputs, "outputs": outputs})}


def _call(program: str) -> dict[str, str]:
    inputs = [json.dumps(args[0]) for args, _ in NESTED]
    outputs = [json.dumps(wanted) for _, wanted in NESTED]
    tests = {"fn_name": "f", "inputs": inputs, "outputs": outputs}
    return {"program": program, "input_output": json.dumps(tests)}


def _said(folder: Path, asked: list[tuple[str, bool, dict[str, str]]]) -> list[str]:
    from benchmarks import parity

    python = parity.install(parity.FOLDER)
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder)]
    subprocess.run([*pip, UPSTREAM], check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        text = packed.read("livecodebench/evaluation/testing_util.py")
    (folder / "testing_util.py").write_bytes(text)
    folder.chmod(0o755)
    lines = "".join(json.dumps(one) + "\n" for _, _, one in asked)
    done = subprocess.run(
        [str(python), "-c", ASK], input=lines, stdout=subprocess.PIPE, text=True, cwd=folder,
        timeout=600, check=True, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)},
        **parity.fence(),
    )  # fmt: skip
    return done.stdout.split()


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(differences(Path(folder))) or "nothing differs")
