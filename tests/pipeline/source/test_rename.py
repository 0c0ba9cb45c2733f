"""Renaming touches one function's variables, and not a byte besides."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.source.rename import renamed

NAMES = {"a": "xs", "b": "n"}


def check(code: str, expected: str) -> None:
    assert renamed(code, NAMES) == expected
    ast.parse(expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a.a + b['a']  # a", "return xs.a + n['a']  # a"),
        ("global a, c, b", "global xs, c, n"),
        ("from m import a, b as a", "from m import a as xs, b as xs"),
        ("import a, d.b; d.b", "import a as xs, d.b; d.b"),
        ("try: pass\n    except (a, E) as b: b", "try: pass\n    except (xs, E) as n: n"),
        ("match a:\n        case {'a': b, **a}: b", "match xs:\n        case {'a': n, **xs}: n"),
        ("match a:\n        case [*a] as b: b", "match xs:\n        case [*xs] as n: n"),
        ("def g(c=a, *, d: b = b): a", "def g(c=xs, *, d: n = n): xs"),
        ("def g(a=a, *b): a, b", "def g(a=xs, *b): a, b"),
        ("return lambda a=a, **k: a(b)", "return lambda a=xs, **k: a(n)"),
        ("@a\n    async def a(c): await a", "@xs\n    async def xs(c): await xs"),
        ("class a(b): b = a", "class xs(n): n = xs"),
        ("return f(b=a, *a) + g(b=a)", "return f(n=xs, *xs) + g(b=xs)"),
        (
            "é = 'é'; return f'é{a}é{a!r:>{b}}' 'é', a",
            "é = 'é'; return f'é{xs}é{xs!r:>{n}}' 'é', xs",
        ),
        ("return [a for a in b if (a := 1)]", "return [xs for xs in n if (xs := 1)]"),
        ("(a): int = 1; a: b", "(xs): int = 1; xs: n"),
    ],
)
def test_a_variable_is_renamed_wherever_it_stands(body: str, expected: str) -> None:
    check(f"def f(a, b):\n    {body}\n", f"def f(xs, n):\n    {expected}\n")


def test_the_function_itself_is_a_name_too() -> None:
    code = "async def  f (n):\n  return f(n) # f\n"
    assert renamed(code, {"f": "g"}) == "async def  g (n):\n  return g(n) # f\n"


def test_names_that_change_places_do_so_at_once() -> None:
    code = "def f(a, b):\n    return a - b\n"
    assert renamed(code, {"a": "b", "b": "a"}) == "def f(b, a):\n    return b - a\n"


def test_what_an_import_with_a_dot_binds_keeps_its_name() -> None:
    code = "def f(a):\n    import b.c\n    return b.c(a)\n"
    check(code, code.replace("(a)", "(xs)"))


def test_text_that_does_not_parse_is_left_alone() -> None:
    check_same = "def f(a:\n"
    assert renamed(check_same, NAMES) == check_same


PIECES = ["a", "b", "é", "{a}", "{b!r}", "{a:>{b}}", "\\n", "\n", " ", "{a + b}", "{{", "}}"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.sampled_from(["rf", "f"]))
def test_whatever_an_f_string_holds_the_meaning_stays(text: str, prefix: str) -> None:
    code = f'def f(a, b):\n    return {prefix}"""{text}"""  # a\n'
    values = ([1, 2], 30)
    before, after = run(code, values), run(renamed(code, NAMES), values)
    assert before == after
    assert "(xs, n)" in renamed(code, NAMES)


def run(code: str, values: tuple[object, ...]) -> object:
    names: dict[str, object] = {}
    exec(code, names)
    try:
        return names["f"](*values)  # type: ignore[operator]
    except (TypeError, ValueError) as exc:
        return type(exc)
