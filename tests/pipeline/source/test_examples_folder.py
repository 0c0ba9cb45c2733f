"""The modules in examples/ are what the README says: unsolved, or wrong in one place."""

from __future__ import annotations

import doctest
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.source.from_file import task_from_file
from pipeline.source.locate import FunctionSite, functions
from pipeline.syntax.text import Document, document_from_bytes

EXAMPLES = Path(__file__).parents[3] / "examples"
SOLUTIONS: Mapping[str, str] = {
    "multiples_of": "return [x for x in numbers if x % n == 0]",
    "sum_of_squares": "return sum(x * x for x in numbers)",
    "clamp": "return max(low, min(high, value))",
    "running_total": "return [sum(numbers[: i + 1]) for i in range(len(numbers))]",
    "digit_sum": "return sum(int(d) for d in str(n))",
    "count_vowels": "return sum(c in 'aeiou' for c in text.lower())",
    "reverse_words": "return ' '.join(text.split()[::-1])",
    "is_palindrome": "return word == word[::-1]",
    "longest_word": "return max(words, key=len, default='')",
    "Tally.add": "for w in text.split(): self.counts[w] = self.counts.get(w, 0) + 1",
    "count_above": "return sum(x > limit for x in numbers)",
    "factorial": "return 1 if n == 0 else n * factorial(n - 1)",
    "last_items": "return items[max(len(items) - n, 0) :]",
    "total_positive": "return sum(x for x in numbers if x > 0)",
    "average": "return sum(numbers) / len(numbers) if numbers else 0.0",
}


def all_sites() -> list[tuple[Document, FunctionSite]]:
    paths = [EXAMPLES / name for name in ("basics.py", "broken.py", "text.py")]
    documents = [document_from_bytes(path.read_bytes(), path.name) for path in paths]
    found = [(d, site) for d in documents for site in functions(d)]
    return [(d, site) for d, site in found if site.last_name != "__init__"]


def n_failed(document: Document, site: FunctionSite, code: str) -> int:
    """Failing examples of the program with `code`; all of it is this repository's own text."""
    task = task_from_file(document, site)
    names: dict[str, object] = {}
    exec(compile(task.program(code), document.path, "exec"), names)
    shown = "\n".join(visible.text for visible in task.visible)
    test = doctest.DocTestParser().get_doctest(shown, names, site.name, document.path, 0)
    assert test.examples
    return doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None).failed


@pytest.mark.parametrize(("document", "site"), all_sites(), ids=lambda x: getattr(x, "name", ""))
def test_each_example_fails_as_it_stands_and_can_be_solved(
    document: Document, site: FunctionSite
) -> None:
    task = task_from_file(document, site)
    assert task.is_stub == (document.path != "broken.py")
    current = task.statement + ("    pass\n" if task.is_stub else "")
    assert n_failed(document, site, current) > 0
    signature = current.partition("\n")[0]
    assert n_failed(document, site, f"{signature}\n    {SOLUTIONS[site.name]}\n") == 0
