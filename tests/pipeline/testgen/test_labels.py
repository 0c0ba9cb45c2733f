"""Names of tests, as a person gives them."""

from __future__ import annotations

import pytest

from pipeline.inputs.target import target_of
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document
from pipeline.testgen.cases import Case
from pipeline.testgen.labels import labelled
from sandbox.api import Call

CLAMP = "def clamp(value, low, high):\n    return max(low, min(value, high))\n"


def check(source: str, *calls: tuple[object, ...], raised: int = -1) -> list[str]:
    """Labels of calls with these arguments; the one at `raised` raises."""
    document = Document(text=source)
    site = document.text.split("def ")[1].partition("(")[0]
    target = target_of(document, find_function(document, site))
    cases = [
        Case(
            call=Call(entry=site, args=args),
            lines=(f"{site}{args!r}",),
            got="5\n",
            raised="ValueError" if at == raised else "",
        )
        for at, args in enumerate(calls)
    ]
    return list(labelled(cases, target, source))


def test_where_a_value_lies_between_its_bounds_names_the_test():
    calls = [(5, 0, 10), (-1, 0, 10), (11, 0, 10), (5, 10, 0)]
    wanted = ["between low and high", "below low", "above high", "rejects low above high"]
    assert check(CLAMP, *calls, raised=3) == wanted


@pytest.mark.parametrize(
    ("source", "args", "label"),
    [
        ("def f(text):\n    return text\n", ("",), "empty text"),
        ("def f(text):\n    return text\n", ("50%",), "percent sign in text"),
        ("def f(s):\n    return s\n", ("a&b",), "ampersand"),
        ("def f(s):\n    return s\n", ("one two",), "two words"),
        ("def f(text):\n    return text\n", ("Café",), "accented text"),
        ("def f(names):\n    return names\n", ([],), "no names"),
        ("def f(names):\n    return names\n", (["a"],), "one name"),
        ("def f(table):\n    return table\n", ({"a": 1},), "one key"),
        ("def f(n):\n    return n\n", (-3,), "negative"),
        ("def f(n):\n    return n\n", (7,), "for 7"),
        ("def f(n):\n    return n < 10\n", (10,), "at 10"),
        ("def f(kind):\n    return {'food': 1}[kind]\n", ("food",), "food"),
        ("def f(order):\n    return order['kind'] == 'gift'\n", ({"kind": "gift"},), "kind gift"),
    ],
)
def test_a_label_says_what_is_special(source: str, args: tuple[object, ...], label: str):
    assert check(source, args) == [label]


def test_what_is_refused_is_named_by_what_it_is():
    source = "def parse_duration(text):\n    return text\n"
    assert check(source, ("1h3",), raised=0) == ["raises ValueError"]
    assert check(source, ("",), raised=0) == ["rejects empty text"]


def test_no_two_labels_are_the_same():
    many = [(n,) for n in (4, 6, 1234567890123456789, 1234567890123456788)]
    labels = check("def f(n):\n    return n\n", *many)
    assert len(set(labels)) == 4
