"""What the code of a function says of its arguments."""

from __future__ import annotations

import ast
from random import Random

import pytest

from pipeline.inputs.natural import Natural
from pipeline.inputs.shapes import FLOAT, INT, STR, Shape
from pipeline.inputs.target import definition
from pipeline.inputs.usage import used_shapes


def check(source: str, name: str = "f") -> dict[str, tuple[Shape, ...]]:
    module = ast.parse(source)
    node = definition(module, name)
    assert node is not None
    return used_shapes(node, module, tuple(arg.arg for arg in node.args.args))


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("return {'food': 1, 'books': 2}[kind]", ("food", "books")),
        ("return RATES[kind]", ("low", "high")),
        ("return RATES.get(kind, 0)", ("low", "high")),
        ("if kind == 'gift':\n        return 0", ("gift",)),
        ("return kind in ('a', 'b')", ("a", "b")),
        ("return kind in NAMES", ("x", "y")),
        ("match kind:\n        case 'on' | 'off':\n            return 1", ("on", "off")),
        ("return _rate(kind)", ("low", "high")),
        ("return RATES[kind.strip().lower()]", ("low", "high")),
    ],
)
def test_keys_and_literals_that_an_argument_meets_are_values_of_it(body: str, known: object):
    source = (
        "RATES = {'low': 1, 'high': 2}\nNAMES = frozenset(['x', 'y'])\n"
        "def _rate(name):\n    return RATES[name]\n"
        f"def f(kind):\n    {body}\n"
    )
    first = check(source)["kind"][0]
    assert (first.kind, first.known) == ("one", known)


def test_a_dict_that_is_read_by_its_keys_is_a_record_and_so_are_its_items():
    source = (
        "def f(order):\n    total = 0\n    for line in order['lines']:\n"
        "        total += line['price'] * line['count']\n"
        "        if line.get('kind') == 'gift':\n            total = 0\n    return total\n"
    )
    (record,) = check(source)["order"]
    assert (record.kind, record.known) == ("record", ("lines",))
    (lines,) = record.inner
    assert lines.kind == "list"
    assert lines.inner[0].known == ("price", "count", "kind")
    made = Natural(rng=Random(1)).value(record)
    assert isinstance(made, dict)
    assert all({"price", "count", "kind"} == set(line) for line in made["lines"])


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("return a.split()[0]", STR),
        ("return ''.join(c for c in a if c.isdigit())", STR),
        ("return [a] * 3 if a % 2 else a // 2", INT),
        ("return [x * 2 for x in a]", Shape("list", (INT,))),
        ("return sum(n for _, n in a)", Shape("list", (Shape("tuple", (INT, INT)),))),
        ("return [w.upper() for w in a if w]", STR),
        ("return math.sqrt(a)", INT),
        ("return a.items()", Shape("dict", (STR, INT))),
    ],
)
def test_what_is_done_with_an_argument_tells_its_kind(body: str, shape: Shape):
    assert shape in check(f"import math\ndef f(a):\n    {body}\n")["a"]


def test_an_annotation_is_believed_before_the_use():
    found = check("def f(a: float):\n    return a % 2\n")["a"]
    assert found[0] == FLOAT


@pytest.mark.parametrize(
    ("source", "name", "wanted"),
    [
        ("def f(text):\n    return [c for c in text if c in KNOWN]\n", "text", (STR,)),
        ("def f(iso_str):\n    return len(iso_str)\n", "iso_str", (STR,)),
        ("def f(line):\n    return sum(n * 2 for n in line)\n", "line", None),
        ("def f(max_len, x):\n    return len(x) > max_len\n", "max_len", (INT,)),
    ],
)
def test_a_name_decides_where_a_list_and_a_text_would_do(
    source: str, name: str, wanted: tuple[Shape, ...] | None
):
    found = check(source)[name]
    assert found == wanted if wanted else found[0] == Shape("list", (INT,))
