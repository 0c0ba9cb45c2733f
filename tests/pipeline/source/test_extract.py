"""The function is found in whatever a model writes, and merged under the user's own signature."""

from __future__ import annotations

import ast
import random
import re
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.task import Task
from pipeline.source.extract import (
    Extracted,
    ExtractionFailure,
    code_blocks,
    extract,
    extract_all,
    head_of,
    merge,
)

STATEMENT = '''def keep(xs, n):
    """Keep multiples of n.

    >>> keep([1, 2], 2)
    [2]
    """
'''
ANSWER = "def keep(xs, n):\n    return [x for x in xs if x % n == 0]\n"
MERGED = STATEMENT + "    return [x for x in xs if x % n == 0]\n"


def task(
    statement: str = STATEMENT,
    entry_point: str = "keep",
    kind: Literal["function", "method", "stdio"] = "function",
    before: str = "",
) -> Task:
    return Task(
        task_id="t",
        kind=kind,
        statement=statement,
        entry_point=entry_point,
        before=before,
        indent="    " if kind == "method" else "",
    )


def check(text: str, of: Task | None = None) -> str:
    """The merged function; a failure's reason where nothing could be read."""
    of = of or task()
    found = extract(text, of)
    if isinstance(found, ExtractionFailure):
        assert "\n" not in found.reason
        return found.reason
    merged = merge(of.statement, found)
    assert isinstance(ast.parse(merged).body[0], (ast.FunctionDef, ast.AsyncFunctionDef))
    return merged


def read(text: str, of: Task | None = None) -> Extracted:
    found = extract(text, of or task())
    assert isinstance(found, Extracted), found
    return found


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        f"```python\n{ANSWER}```",
        f"```\n{ANSWER}```\n",
        f"~~~py\n{ANSWER}~~~",
        f"````python\n{ANSWER}````",
        f"```python title='a'\n{ANSWER}```",
        f"Sure!\n\n```python\n{ANSWER}```\nThis keeps them. Import nothing:\nimport what you like.",
        f"```python\n{ANSWER}",
        f"```python\n{ANSWER}``",
        f"Here is it:\n{ANSWER}\nIt works because x % n is 0.",
        f"class of problems: easy\nimport care\n{ANSWER}",
        f"```python\ndef keep(xs, n):\n    return []\n```\nBetter:\n```python\n{ANSWER}```",
        f"```python\n{ANSWER}```\nUsage:\n```python\nprint(keep([1], 2))\n```",
        f"```python\n{ANSWER}```\nTest:\n```python\ndef test_keep():\n    assert keep([], 1)\n```",
        f"```python\n{ANSWER}\nprint(keep([1, 2], 1))\nassert keep([], 2) == []\n```",
        f"  ```python\n  {ANSWER.replace(chr(10), chr(10) + '  ')}\n  ```",
        ANSWER.replace("\n", "\r\n"),
        f"{ANSWER}<|im_end|>",
        ANSWER.rstrip() + "</s>",
        f"```python\n{MERGED}```",
        f"```python\n@cache\n{ANSWER}```",
        "```python\ndef keep(xs: list[int], n: int = 2) -> list[int]:\n"
        "    '''Other.'''\n    return [x for x in xs if x % n == 0]\n```",
        "```python\ndef keep(values, k):\n    return [x for x in values if x % k == 0]\n```",
        "```python\ndef keep_multiples(xs, n):\n    return [x for x in xs if x % n == 0]\n```",
        "```python\nclass Solution:\n    def keep(self, xs, n):\n"
        "        return [x for x in xs if x % n == 0]\n```",
        "```python\n    return [x for x in xs if x % n == 0]\n```",
        "    return [x for x in xs if x % n == 0]\n",
        "```python\nreturn [x for x in xs if x % n == 0]\n```",
        "```python\ndef keep(xs, n): return [x for x in xs if x % n == 0]\n```",
        "```python\ndef keep(xs, n):\n  return [x for x in xs if x % n == 0]\n```",
        "```python\ndef keep(xs, n):\n\treturn [x for x in xs if x % n == 0]\n```",
    ],
)
def test_the_same_function_is_read_from_every_wrapping(text: str) -> None:
    assert check(text) == MERGED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no code"),
        ("I cannot do that.", "no code"),
        ("```python\nprint(1)\n```", "no block defines it"),
        ("```python\ndef keep(xs, n):\n    pass\n```", "placeholder"),
        ('```python\ndef keep(xs, n):\n    """Doc."""\n```', "placeholder"),
        ("def keep(xs, n):\n    out = []\n    for x in xs:\n        out.app", "breaks off"),
        ("def keep(xs, n):\n    if xs:\n        return xs\n    return [x for", "breaks off"),
        ("def keep(xs, n, m):\n    return m\n", r"\(xs, n, m\) do not fit \(xs, n\)"),
        ("async def keep(xs, n):\n    return await xs\n", "awaits"),
        ("def keep(*args):\n    return args\n", "do not fit"),
        ("def keep(*a, **b):\n    return a\n", "do not fit"),
        ("def keep(xs, n):\n" + "    x = 1\n" * 20_000, "bytes, more than"),
        ("def keep(xs, n):\n    return " + "-" * 50_000 + "1\n", "keep"),
        ("def keep(xs, n):\n    return " + "(" * 50_000, "keep"),
        ("def keep(xs, n):\n    return xs" + ".a" * 40_000 + "\n", "keep|nested"),
        ("def keep(xs, n):\n    return '\0'\n", "keep"),
        ("def keep(xs, n):\n    return '\ud800'\n", "keep"),
    ],
)
def test_what_cannot_be_used_gives_a_reason(text: str, reason: str) -> None:
    found = extract(text, task())
    assert isinstance(found, ExtractionFailure)
    assert re.search(reason, found.reason)


@pytest.mark.parametrize(
    "text",
    [
        ANSWER + "\ndef other(x):\n    return [",
        ANSWER + "\nprint(keep([1",
        "def keep(xs, n):\n    if n:\n        return xs\n    else:\n        return []\n    x = [",
    ],
)
def test_a_broken_end_after_a_finished_function_is_cut(text: str) -> None:
    assert check(text).startswith(STATEMENT)


def test_decorators_signature_and_docstring_are_the_originals() -> None:
    statement = (
        "@deco\n@other(1)\nasync def keep(xs: 'list', n=2) -> list:  # typed\n"
        "\tr'''Doc\\d.'''  # doc\n\tpass\n"
    )
    text = (
        '@x\nasync def keep(a, b):\n  """Mine."""\n'
        "  # why\n  if a:\n    return b\n  return a  # end\n"
    )
    assert check(text, task(statement)) == (
        statement.replace("\tpass\n", "") + "\t# why\n\tif xs:\n\t\treturn n\n\treturn xs  # end\n"
    )


@pytest.mark.parametrize(
    ("statement", "merged"),
    [
        ("def keep(xs, n):\n", "def keep(xs, n):\n    return n\n"),
        ("def keep(xs, n):  # c\n", "def keep(xs, n):  # c\n    return n\n"),
        ("def keep(xs, n): ...\n", "def keep(xs, n):\n    return n\n"),
        ("def keep(xs, n): 'D'\n", "def keep(xs, n):\n    'D'\n    return n\n"),
        ("def keep(xs, n): 'D'; return 1\n", "def keep(xs, n):\n    'D'\n    return n\n"),
        ("def keep(xs, n):\n  'D'; return 1\n", "def keep(xs, n):\n  'D'\n  return n\n"),
        (
            "def keep(\n    xs,\n    n,\n):\n    return 1\n",
            "def keep(\n    xs,\n    n,\n):\n    return n\n",
        ),
    ],
)
def test_headers_of_every_shape_take_a_body(statement: str, merged: str) -> None:
    assert check("def keep(xs, n):\n    return n\n", task(statement)) == merged


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a.a + b", "return xs.a + n"),
        ("return g(a=a)", "return g(a=xs)"),
        ("return keep(a=b, b=a)", "return keep(xs=n, n=xs)"),
        ("return [a for a in b]", "return [xs for xs in n]"),
        ("return (lambda a: a)(b)", "return (lambda a: a)(n)"),
        ("return f'{a}a{b!r:>{b}}'", "return f'{xs}a{n!r:>{n}}'"),
        ("a += 1  # a\n    return 'a', a", "xs += 1  # a\n    return 'a', xs"),
        ("def a2(a): return a\n    return a2(b)", "def a2(a): return a\n    return a2(n)"),
        ("xs = 1\n    return a, xs", "a = xs\n    b = n\n    xs = 1\n    return a, xs"),
    ],
)
def test_parameters_get_the_originals_names_in_the_body(body: str, expected: str) -> None:
    assert check(f"def keep(a, b):\n    {body}\n") == f"{STATEMENT}    {expected}\n"


def test_parameters_in_another_order_keep_their_names() -> None:
    assert check("def keep(n, xs):\n    return xs\n").endswith("    return xs\n")


def test_an_extra_parameter_with_a_default_becomes_an_inner_function() -> None:
    merged = check(
        "def keep(xs, n, acc=None):\n    return keep(xs, n, []) if acc is None else acc\n"
    )
    names: dict[str, object] = {}
    exec(merged, names)  # the text stands above
    keep = names["keep"]
    assert callable(keep)
    assert keep([], 1) == []


def test_helpers_and_constants_go_into_the_body_in_order() -> None:
    text = (
        "```python\nfrom typing import List\nimport math, re\nimport os\n\nBASE = 10\n\n"
        "def unused():\n    return os\n\n"
        "@deco\ndef is_multiple(x, k):\n  return math.fmod(x, k) == BASE\n\n"
        "def keep(xs: List[int], k):\n    return [x for x in xs if is_multiple(x, k)]\n```"
    )
    found = read(text)
    assert found.imports == ("import math",)
    body = merge(STATEMENT, found).removeprefix(STATEMENT)
    assert body == (
        "    BASE = 10\n\n    @deco\n    def is_multiple(x, k):\n"
        "        return math.fmod(x, k) == BASE\n\n"
        "    return [x for x in xs if is_multiple(x, n)]\n"
    )


def test_what_the_module_has_is_neither_imported_nor_repeated() -> None:
    of = task(before="import math\n\ndef is_multiple(x, k):\n    return x % k == 0\n\n")
    text = "import math\nimport re\ndef is_multiple(x, k): return 1\n" + ANSWER.replace(
        "x % n == 0", "is_multiple(math.ceil(x), re)"
    )
    found = read(text, of)
    assert found.imports == ("import re",)
    assert "def is_multiple" not in found.code


def test_a_relative_or_future_import_is_dropped() -> None:
    text = "from __future__ import annotations\nfrom .a import b\n" + ANSWER.replace("0", "b")
    assert read(text).imports == ()


@pytest.mark.parametrize(
    "text",
    [
        "class Stack:\n    def __init__(self):\n        self.items = []\n\n"
        "    def push(self, x):\n        self.items.append(x)\n        return len(self.items)\n",
        "def push(self, x):\n    self.items.append(x)\n    return len(self.items)\n",
        "```python\n    def push(self, x):\n        self.items.append(x)\n"
        "        return len(self.items)\n```",
        "```python\n        self.items.append(item)\n        return len(self.items)\n```",
    ],
)
def test_a_method_is_read_from_a_class_or_alone(text: str) -> None:
    statement = 'def push(self, item):\n    """Push."""\n'
    of = task(statement, "Stack.push", "method", before="class Stack:\n    items = []\n")
    assert check(text, of) == (
        statement + "    self.items.append(item)\n    return len(self.items)\n"
    )


def test_an_accessor_is_named_as_its_property() -> None:
    of = task("@v.setter\ndef v(self, x): ...\n", "A.v.setter", "method", before="class A:\n")
    assert check("def v(self, x):\n    self._v = x\n", of) == (
        "@v.setter\ndef v(self, x):\n    self._v = x\n"
    )


def test_a_program_is_taken_whole() -> None:
    of = task("Add.", "", "stdio")
    assert read("Do:\n```python\nprint(int(input()) + 1)\n```\nDone.", of).code == (
        "print(int(input()) + 1)\n"
    )
    assert "no complete" in check("```python\nprint(\n```", of)


def test_strings_and_comments_of_the_answer_survive() -> None:
    text = (
        "def keep(xs, n):\n    # first\n    s = '''a\n  b\n'''  # why\n    return s\n    # last\n"
    )
    assert check(text).endswith(
        "    # first\n    s = '''a\n  b\n'''  # why\n    return s\n    # last\n"
    )


def test_a_fence_inside_a_docstring_does_not_end_the_block() -> None:
    text = 'A:\n```python\ndef keep(xs, n):\n    """\n```\nx\n```\n    """\n    return xs\n'
    assert check(text + "```\n") == check(text) == STATEMENT + "    return xs\n"


def test_blocks_are_split_at_their_own_kind_of_fence() -> None:
    assert code_blocks("````\na\n```\nb\n````\nc\n```py\nd") == ("a\n```\nb\n", "d")
    assert code_blocks("none") == ()


PIECES = st.sampled_from(
    ["```python\n", "```\n", ANSWER, STATEMENT, "def ", "class A:\n", "    ", "\n", "return", "(",
     '"""', "'", "\\", "\0", "\ud800", "\u2028", "\f", "\t", "import re\n", "@x\n", "é", "#",
     "~~~\n",     "async def keep(xs, n):\n", "lambda: ", "f'{", "keep(", ": ", "yield ",
     "<|im_end|>"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = extract(text, task())
    if isinstance(found, Extracted):
        merged = merge(STATEMENT, found)
        assert merged.startswith(STATEMENT.rstrip())
        assert ast.parse(merged)


def test_random_cuts_of_an_answer_end_plausibly_or_not_at_all() -> None:
    body = (
        "    out = []\n    for x in xs:\n        if x % n == 0:\n"
        "            out.append(x)\n    return out\n"
    )
    text = f"```python\ndef keep(xs, n):\n{body}```"
    rng = random.Random(0)
    for at in sorted(rng.sample(range(len(text)), 60)):
        found = extract(text[:at], task())
        if isinstance(found, Extracted):
            last = ast.parse(found.code).body[0].body[-1]  # type: ignore[attr-defined]
            assert not isinstance(last, ast.Expr)


# --- as real models write it ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        "def helper(x, n):\n    return x % n == 0\n\n"
        "def f(xs, n):\n    return [x for x in xs if helper(x, n)]\n\nprint(f([1], 2))\n",
        "def f(xs, n):\n    return [x for x in xs if helper(x, n)]\n\n"
        "def helper(x, n):\n    return x % n == 0\n\n"
        "def main():\n    print(f([1], 2))\n\nif __name__ == '__main__':\n    main()\n",
        "def helper(x, n):\n    return x % n == 0\n\nclass Solution:\n    def keep(self, xs, n):\n"
        "        return [x for x in xs if helper(x, n)]\n\nprint(Solution().keep([1], 2))\n",
    ],
)
def test_a_program_in_the_answer_is_read_for_its_function(program: str) -> None:
    assert check(f"```python\n{program}```") == STATEMENT + (
        "    def helper(x, n):\n        return x % n == 0\n\n"
        "    return [x for x in xs if helper(x, n)]\n"
    )


def test_a_program_is_never_pasted_as_a_body() -> None:
    two = "def a(x):\n    return x\n\ndef b(x):\n    return x\n\nprint(a(1), b(2))\n"
    assert "no 'keep' in the answer" in check(f"```python\n{two}```")


def test_every_block_with_the_function_is_a_candidate_the_last_first() -> None:
    blocks = [f"```python\ndef keep(xs, n):\n    return {value}\n```" for value in "012"]
    text = "First:\n{}\nor\n{}\nUsage:\n```python\nkeep([], 1)\n```\nor\n{}".format(*blocks)
    found = extract_all(text, task())
    assert not isinstance(found, ExtractionFailure)
    assert [one.code[-2] for one in found] == ["2", "1", "0"]
    again = extract_all(blocks[0] * 3, task())
    assert not isinstance(again, ExtractionFailure)
    assert len(again) == 1


BAG = "class Bag:\n    def __init__(self):\n        self.items = []\n\n"


def check_method(members: str, body: str) -> None:
    """`members` of an answer's class make `body` of Bag.add."""
    statement = 'def add(self, item):\n    """Put in."""\n'
    of = task(statement, "Bag.add", "method", before=BAG)
    assert check(f"```python\n{BAG}{members}```", of) == statement + body


@pytest.mark.parametrize(
    ("members", "body"),
    [
        (
            "    def add(self, item):\n        self.items.append(item)\n"
            "        return self._size()\n\n"
            "    def _size(self):\n        return len(self.items)\n",
            "    def _size(self):\n        return len(self.items)\n\n"
            "    self.items.append(item)\n    return _size(self)\n",
        ),
        (
            "    @staticmethod\n    def _is_new(item, items):\n        return item not in items\n\n"
            "    def add(self, item):\n        return self._is_new(item, self.items)\n",
            "    def _is_new(item, items):\n        return item not in items\n\n"
            "    return _is_new(item, self.items)\n",
        ),
        (
            "    LIMIT = 3\n\n    @property\n    def full(self):\n"
            "        return len(self.items) >= self.LIMIT\n\n"
            "    def add(self, item):\n        return self.full or Bag.LIMIT\n",
            "    LIMIT = 3\n\n    def full(self):\n        return len(self.items) >= LIMIT\n\n"
            "    return full(self) or LIMIT\n",
        ),
        (
            "    @classmethod\n    def _make(cls):\n        return cls()\n\n"
            "    def _key(self, item):\n        return item\n\n"
            "    def add(self, item):\n        return self._make(), max([item], key=self._key)\n",
            "    def _make(cls):\n        return cls()\n\n"
            "    def _key(self, item):\n        return item\n\n"
            "    return _make(type(self)), max([item], key=_key.__get__(self))\n",
        ),
    ],
)
def test_new_siblings_of_a_method_go_into_it(members: str, body: str) -> None:
    check_method(members, body)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("    def __len__(self):\n        return 1\n", "needs Bag.__len__"),
        ("    @cache\n    def _size(self):\n        return 1\n", "needs Bag._size, which is not"),
        ("    def reset(self):\n        self.n = 0\n", "needs Bag.n, which only another method"),
        ("    item = 1\n", "needs Bag.item, and has another item inside"),
    ],
)
def test_a_sibling_that_cannot_go_into_the_method_is_named(member: str, reason: str) -> None:
    name = re.search(r"Bag\.(\w+)", reason)
    assert name
    add = f"    def add(self, item):\n        return self.{name[1]}\n"
    of = task("def add(self, item): ...\n", "Bag.add", "method", before=BAG)
    assert reason in check(f"```python\n{BAG}{add}\n{member}```", of)


@pytest.mark.parametrize(
    ("answer", "imports"),
    [
        ("from typing import *\nimport re\n\ndef keep(xs, n):\n    return xs\n", ()),
        (
            "from math import *\n\ndef keep(xs, n):\n    return floor(pi) + e\n",
            ("from math import e", "from math import floor", "from math import pi"),
        ),
        ("def keep(xs: List[int], n):\n    return re.sub('a', '', xs)\n", ("import re",)),
        (
            "def keep(xs, n):\n    out: List[int] = sorted(Counter(xs))\n    return prod(out)\n",
            ("from collections import Counter", "from math import prod", "from typing import List"),
        ),
        ("def keep(xs, n):\n    return unheard_of(xs)\n", ()),
    ],
)
def test_imports_are_those_that_the_body_needs(answer: str, imports: tuple[str, ...]) -> None:
    assert sorted(read(answer).imports) == sorted(imports)


def test_a_module_with_a_star_import_of_its_own_is_trusted_to_have_the_names() -> None:
    of = task(before="from tools import *\n")
    assert read("def keep(xs, n):\n    return Counter(xs)\n", of).imports == ()


def test_the_head_is_what_an_answer_is_begun_with() -> None:
    assert head_of(STATEMENT) == STATEMENT
    assert head_of(STATEMENT + "    return xs\n") == STATEMENT
    assert head_of("@a\nasync def f(x): return 1\n") == "@a\nasync def f(x):\n"
