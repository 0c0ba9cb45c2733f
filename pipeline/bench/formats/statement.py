"""A stub with a doctest from a statement that ends in `assert` lines, as MBPP has them."""

from __future__ import annotations

import ast

from pipeline.bench.records import SuiteError
from pipeline.syntax.text import parse


def stub_of_statement(prompt: str, entry: str, where: str = "the prompt") -> str:
    """A stub with a doctest from a text that ends in `assert` lines; parameters get letters.

    Raises SuiteError when no assert shows how many arguments the function takes.
    """
    tree = parse(prompt)
    text = ast.get_docstring(tree) if tree else None
    lines = (text or "").splitlines()
    words = [line for line in lines if not line.startswith("assert ")]
    calls = [call for line in lines if (call := call_in(line, entry)) is not None]
    if not calls:
        raise SuiteError(f"{where}: no assert in the prompt calls {entry}")
    names = ", ".join("abcdefghijklmnopqrstuvwxyz"[n] for n in range(len(calls[0].args)))
    claims = [line.removeprefix("assert ") for line in lines if line.startswith("assert ")]
    doc = [*words, "", *(part for claim in claims for part in (f">>> {claim}", "True"))]
    body = "\n".join(f"    {line}".rstrip() for line in doc).lstrip()
    quote = "r'''" if '"""' in body else 'r"""'
    return f"def {entry}({names}):\n    {quote}{body}\n    {quote[1:]}\n"


def call_in(line: str, entry: str) -> ast.Call | None:
    """The call of the entry in an assert."""
    tree = parse(line.strip()) if line.strip().startswith("assert ") else None
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == entry:
            return node
    return None
