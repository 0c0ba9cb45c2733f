"""Long literals over several lines, as formatters lay them out: an item a line, a comma at the
end.
"""

from __future__ import annotations

import ast

from pipeline.syntax.text import parse_expression

LONGEST_LINE = 84
"""In a function's body, which the test file indents by four; 88 is what most formatters keep."""
_BRACKETS: dict[type[ast.expr], tuple[str, str]] = {
    ast.List: ("[", "]"),
    ast.Tuple: ("(", ")"),
    ast.Set: ("{", "}"),
    ast.Dict: ("{", "}"),
}


def assignment(name: str, value: str) -> list[str]:
    """The lines of `name = value`."""
    tree = parse_expression(value)
    return _lines(tree, value, f"{name} = ", "", "") if tree else [f"{name} = {value}"]


def _lines(node: ast.expr, text: str, before: str, after: str, indent: str) -> list[str]:
    whole = f"{indent}{before}{text}{after}"
    if len(whole) <= LONGEST_LINE or type(node) not in _BRACKETS:
        return [whole]
    opening, closing = _BRACKETS[type(node)]
    deeper = indent + "    "
    inside = [
        line
        for key, item in _items(node)
        for line in _lines(item, ast.unparse(item), key, ",", deeper)
    ]
    return (
        [f"{indent}{before}{opening}", *inside, f"{indent}{closing}{after}"] if inside else [whole]
    )


def _items(node: ast.expr) -> list[tuple[str, ast.expr]]:
    match node:
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return [(f"{ast.unparse(key)}: " if key else "**", value) for key, value in pairs]
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [("", item) for item in items]
    return []
