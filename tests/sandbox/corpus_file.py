"""A program of the corpus with the verdict that its header expects.

Header lines, before the code:
`# call: f(3) == 9` or `# call: f(0) raises E`; `# doctest: f(3) -> 9`;
`# program: 'stdin' -> 'stdout'`; `# test: check` with `# uses: <body of check(candidate)>`.
`# verdict: a | b` lists the verdicts that are right; `# only: docker` where only that can hold it.
`# cpu:`, `# wall:`, `# memory:`, `# policy:` set limits and comparison.

By hand: `python -m tests.sandbox.corpus_file docker hostile/fork_bomb`.
"""

from __future__ import annotations

import ast
import asyncio
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox import open_sandbox
from sandbox.api import (
    Call,
    Completes,
    Doctest,
    DoctestExample,
    DoctestWants,
    Expression,
    Limits,
    Policy,
    Prints,
    Program,
    Raises,
    Returns,
    Test,
    TestCode,
)
from sandbox.verdicts import run_tests

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    code: str
    test: Test
    verdicts: frozenset[str]
    only: str


def load(path: Path) -> Case:
    """Raises ValueError for a header that is not understood."""
    lines = path.read_text(encoding="utf-8").splitlines()
    n_header = next(i for i, line in enumerate(lines) if not line.startswith("# "))
    header = dict(line[2:].split(": ", 1) for line in lines[:n_header])
    # What is expected must not travel with the code.
    code = "\n".join(["#"] * n_header + lines[n_header:]) + "\n"
    limits = Limits(
        cpu_s=float(header.get("cpu", "2")),
        wall_s=float(header["wall"]) if "wall" in header else None,
        memory_mb=int(header.get("memory", "192")),
    )
    name = f"{path.parent.name}/{path.stem}"
    return Case(
        name=name,
        code=code,
        test=_test(name, header, limits),
        verdicts=frozenset(word.strip() for word in header["verdict"].split("|")),
        only=header.get("only", ""),
    )


def _test(name: str, header: dict[str, str], limits: Limits) -> Test:
    policy = Policy(header.get("policy", "python"))
    if "call" in header:
        return _call(name, header["call"], policy, limits)
    if "doctest" in header:
        source, want = header["doctest"].split(" -> ")
        form = Doctest(examples=(DoctestExample(source=f"{source}\n"),))
        wants = want.encode().decode("unicode_escape") + "\n"
        return Test(test_id=name, form=form, expect=DoctestWants(wants=(wants,)), limits=limits)
    if "program" in header:
        stdin, stdout = header["program"].split(" -> ")
        form_ = Program(stdin=ast.literal_eval(stdin).encode())
        return Test(test_id=name, form=form_, expect=Prints(stdout=_text(stdout)), limits=limits)
    if "test" in header:
        source = f"def check(candidate):\n    {header['uses']}\n"
        test_code = TestCode(source=source, entry="f", check="check")
        return Test(test_id=name, form=test_code, expect=Completes(), limits=limits)
    raise ValueError(f"{name}: no header line says what to run")


def _text(source: str) -> str:
    """A small expression of our own, or `bytes:` with hexadecimal digits."""
    if source.startswith("bytes:"):
        return bytes.fromhex(source.removeprefix("bytes:")).decode("utf-8", "surrogateescape")
    return str(eval(source, {}))


def _call(name: str, text: str, policy: Policy, limits: Limits) -> Test:
    if " raises " in text:
        call, error = text.split(" raises ")
        return Test(test_id=name, form=_form(call), expect=Raises(type=error), limits=limits)
    call, want = text.split(" == ", 1)
    value = eval(want, {"nan": math.nan, "inf": math.inf})
    expect = Returns(value=value, policy=policy)
    return Test(test_id=name, form=_form(call), expect=expect, limits=limits)


def _form(text: str) -> Call | Expression:
    node = ast.parse(text, mode="eval").body
    if not isinstance(node, ast.Call):
        return Expression(source=text)
    return Call(
        entry=ast.unparse(node.func),
        args=tuple(ast.literal_eval(arg) for arg in node.args),
        kwargs={str(k.arg): ast.literal_eval(k.value) for k in node.keywords},
    )


async def main(kind: str, name: str) -> int:
    case = load(CORPUS / f"{name}.py")
    box = open_sandbox("docker" if kind == "docker" else "unsafe-local", workers=1)
    await box.start()
    try:
        (verdict,) = await run_tests(box, case.code, [case.test])
    finally:
        await box.aclose()
    print(f"{verdict.kind} (right: {', '.join(sorted(case.verdicts))}): {verdict.detail}")
    return 0 if verdict.kind in case.verdicts else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
