"""Edits of expressions: one function per kind of node, each adding what it finds."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator

from pipeline.edits.finder import Finder
from pipeline.edits.predicates import atoms, conditions
from pipeline.edits.scope import base, fits
from pipeline.syntax.text import parse_expression

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
NEIGHBOURS = (
    *({"<", "<="}, {">", ">="}, {"<", ">"}, {"<=", ">="}, {"<", ">="}, {">", "<="}),
    *({"==", "!="}, {"in", "not in"}, {"is", "is not"}),
)
"""Boundary, direction, opposite."""
CROOKED = 0.05
"""How much less likely a chain is right whose comparisons point in both directions."""
OPERATORS = ("+", "-", "*", "/", "//", "%", "**")
BITWISE = ("&", "|", "^", "<<", ">>")
ALIKE = (
    ("min", "max"),
    ("any", "all"),
    ("sum", "len", "max", "min"),
    ("floor", "ceil", "round", "int", "trunc"),
    ("sorted", "reversed", "list", "set"),
    ("append", "extend", "add", "insert", "appendleft"),
    ("append", "remove", "discard", "add"),
    ("upper", "lower", "title", "capitalize", "swapcase"),
    ("startswith", "endswith"),
    ("isdigit", "isalpha", "isalnum", "isnumeric", "isdecimal"),
    ("isupper", "islower", "isspace", "isalpha"),
    ("strip", "lstrip", "rstrip"),
    ("split", "rsplit", "splitlines"),
    ("find", "rfind", "index", "rindex", "count"),
    ("keys", "values", "items"),
    ("popleft", "pop"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("heappush", "heappop"),
    ("str", "repr", "chr", "ord", "bin", "hex"),
    ("int", "float", "str", "bool"),
    ("ceil", "floor"),
    ("filter", "map"),
    ("gcd", "lcm"),
    ("combinations", "permutations", "product", "combinations_with_replacement"),
)
"""Names that are taken for one another."""
OPERATOR_TEXT: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
    ast.And: "and",
    ast.Or: "or",
}
_WRAPS = {
    "num": ("abs({})", "str({})", "int({})", "round({})", "-{}", "float({})"),
    "str": (
        *("{}.lower()", "{}.upper()", "{}.strip()", "set({})", "sorted({})", "int({})"),
        *("len({})", "list({})", "{}.split()", "{}.swapcase()"),
    ),
    "list": (
        *("sorted({})", "set({})", "len({})", "sum({})", "list(reversed({}))", "max({})"),
        *("list({})", "min({})", "enumerate({})", "tuple({})"),
    ),
    "dict": ("sorted({})", "len({})", "list({})", "{}.values()", "{}.items()", "{}.keys()"),
    "set": ("sorted({})", "len({})", "list({})"),
    "tuple": ("sorted({})", "list({})", "len({})"),
    "bool": ("not {}",),
    "": ("abs({})", "str({})", "int({})", "len({})", "sorted({})", "{}.lower()", "list({})"),
}
LONGEST_WRAPPED = 120


def expression_edits(finder: Finder, statement: ast.AST) -> None:
    """Add the edits of all expressions inside `statement` (a statement or an expression)."""
    for node in _walk(statement):
        handler = _HANDLERS.get(type(node))
        if handler:
            handler(finder, node)
        if isinstance(node, ast.expr) and _is_value(finder, node):
            _of_any_value(finder, node)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is in it, without annotations, docstrings and the insides of f-strings."""
    yield node
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.JoinedStr) or is_text:
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _is_value(finder: Finder, node: ast.expr) -> bool:
    """Whether another value may stand here: read, not called, no bare constant."""
    if isinstance(node, ast.Constant | ast.Slice | ast.Starred | ast.JoinedStr | ast.Lambda):
        return False
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    parent = finder.scopes.parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return False
    return not isinstance(parent, ast.Attribute | ast.Expr)


def _of_any_value(finder: Finder, node: ast.expr) -> None:
    text = finder.of(node)
    if len(text) > LONGEST_WRAPPED or "\n" in text:
        return
    kind = finder.scopes.kind(node)
    _wrapped(finder, node, kind)
    if base(kind) in ("num", ""):
        _off_by_one(finder, node)
        _with_number(finder, node, kind)
    if base(kind) in ("list", "str", "tuple", ""):
        _sliced(finder, node, kind)
        _with_sequence(finder, node, kind)


def _wrapped(finder: Finder, node: ast.expr, kind: str) -> None:
    texts = _WRAPS.get(base(kind), ())
    share = 1.0 if kind else 0.4
    for form in texts:
        whole = form.startswith(("{}", "-", "not"))
        inner = finder.atom(node) if whole else finder.of(node)
        if isinstance(node, ast.Call) and finder.of(node.func) == form.partition("(")[0]:
            continue
        finder.replace(node, form.format(inner), "call: add", share)
    if base(kind) == "num" and isinstance(node, ast.Name | ast.BinOp | ast.Call | ast.Subscript):
        for name in finder.scopes.like(node, "num"):
            if finder.scopes.kinds.get(name) and name != finder.of(node):
                for function in ("min", "max"):
                    finder.replace(node, f"{function}({name}, {finder.of(node)})", "call: add", 0.4)


def _off_by_one(finder: Finder, node: ast.expr) -> None:
    if isinstance(node, ast.List | ast.Dict | ast.ListComp | ast.GeneratorExp | ast.Compare):
        return
    if isinstance(node, ast.BoolOp | ast.IfExp):
        return
    parent = finder.scopes.parents.get(node)
    is_bound = isinstance(parent, ast.Subscript | ast.Slice | ast.Compare) or (
        isinstance(parent, ast.Call) and finder.of(parent.func) == "range"
    )
    text = finder.of(node)
    for new in (f"{text} + 1", f"{text} - 1"):
        finder.replace(node, new, "off by one", 1.0 if is_bound else 0.3)


def _with_number(finder: Finder, node: ast.expr, kind: str) -> None:
    """`x` becomes `x op y` with a variable or a common number."""
    if isinstance(node, ast.Compare | ast.BoolOp | ast.List | ast.ListComp | ast.GeneratorExp):
        return
    text, share = finder.atom(node), 1.0 if kind else 0.3
    names = [n for n in finder.scopes.like(node, "num") if finder.scopes.kinds.get(n)]
    for name in dict.fromkeys([*names, text if len(text) < 12 else "2"]):
        for op in OPERATORS:
            if not (name == text and op in ("-", "/", "//", "%")):
                finder.replace(node, f"{text} {op} {name}", "operator: add operand", share)
    for other in ("* 2", "** 2", "// 2", "% 2", "% 10", "// 10", "** 3", "/ 2"):
        finder.replace(node, f"{text} {other}", "operator: add operand", 0.5 * share)
    for name in names:
        if name != text:
            finder.replace(node, f"{name} - {text}", "operator: add operand", 0.3 * share)


def _sliced(finder: Finder, node: ast.expr, kind: str) -> None:
    text, share = finder.atom(node), 1.0 if kind else 0.3
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return
    for bounds in ("1:", ":-1", "::-1", "::2", "1::2"):
        finder.replace(node, f"{text}[{bounds}]", "slice: add", share)
    for name in finder.scopes.like(node, "num"):
        if finder.scopes.kinds.get(name):
            for bounds in (f"{name}:", f":{name}", f"{name} + 1:", f":{name} + 1"):
                weight = share if "+" not in bounds else 0.5 * share
                finder.replace(node, f"{text}[{bounds}]", "slice: add", weight)


def _with_sequence(finder: Finder, node: ast.expr, kind: str) -> None:
    """`x` becomes `x + y` or `y + x` with a list or a text."""
    text, share = finder.atom(node), 1.0 if kind else 0.2
    others = [n for n in finder.scopes.like(node, kind) if finder.scopes.kinds.get(n)]
    if base(kind) == "str":
        others += [c for c in finder.constants if c.startswith("'") and len(c) <= 5][:4]
    for other in others:
        finder.replace(node, f"{text} + {other}", "return: add part", share)
        finder.replace(node, f"{other} + {text}", "return: add part", share)


# --- operators -----------------------------------------------------------------------------------


def _compare(finder: Finder, node: ast.Compare) -> None:
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        old = OPERATOR_TEXT[type(op)]
        others = {"in": ("not in", "=="), "not in": ("in",), "is": ("is not", "==")}
        for new in others.get(old, ("is", "!=") if old == "is not" else COMPARISONS):
            if new != old:
                near = {old, new} in NEIGHBOURS
                kind = "compare: neighbour" if near else "compare: other"
                weight = CROOKED if _is_crooked(node, new) else 1.0
                finder.between_weighed(left, right, (old, new), kind, weight)
        if old == "==" and finder.scopes.kind(right) in ("", "list", "str", "set"):
            finder.between_weighed(left, right, (old, "in"), "compare: other", 0.3)
        left = right
    if len(node.ops) == 1:
        _sides(finder, node)
    _negated(finder, node)
    _stronger(finder, node)


def _is_crooked(node: ast.Compare, new: str) -> bool:
    """Whether `new` would turn against the other comparisons of a chain: `a <= b >= c`."""
    signs = {OPERATOR_TEXT[type(op)][0] for op in node.ops}
    return len(node.ops) > 1 and bool(signs & {"<", ">"}) and new[0] not in signs


def _sides(finder: Finder, node: ast.Compare) -> None:
    left, right = finder.of(node.left), finder.of(node.comparators[0])
    op = OPERATOR_TEXT[type(node.ops[0])]
    if op in ("<", ">", "<=", ">=", "in", "not in"):
        finder.replace(node, f"{right} {op} {left}", "compare: swap sides")
    if op in ("==", "!="):
        for function in ("set", "sorted", "len", "abs", "str"):
            new = f"{function}({left}) {op} {function}({right})"
            finder.replace(node, new, "call: add", 0.5)
        one, other = finder.atom(node.left), finder.atom(node.comparators[0])
        if "num" not in (finder.scopes.kind(node.left), finder.scopes.kind(node.comparators[0])):
            finder.replace(node, f"{one}.lower() {op} {other}.lower()", "call: add", 0.3)


def _stronger(finder: Finder, test: ast.expr) -> None:
    """`C` becomes `C and D`, `C or D`."""
    parent = finder.scopes.parents.get(test)
    if isinstance(parent, ast.BoolOp) and parent.values[-1] is not test:
        return
    text = finder.atom(test) if isinstance(test, ast.BoolOp | ast.IfExp) else finder.of(test)
    for other, weight in conditions(finder, test):
        if other != text and len(other) <= 60:
            for word in ("and", "or"):
                new = f"{text} {word} {other}"
                finder.replace(test, new, "boolean: add operand", weight)
    for others in _renamed(finder, test):
        new = " or ".join([text, *others])
        finder.replace(test, new, "boolean: other order of names")


def _renamed(finder: Finder, test: ast.expr) -> Iterator[tuple[str, ...]]:
    """The same condition with its variables in another order: what symmetry asks for."""
    names = list(dict.fromkeys(n.id for n in ast.walk(test) if isinstance(n, ast.Name)))
    names = [n for n in names if n in finder.scopes.names_at(test)]
    if not 2 <= len(names) <= 4:
        return
    turns = []
    for shift in range(1, len(names)):
        turned = dict(zip(names, names[shift:] + names[:shift], strict=True))
        turns.append(_with_names(finder.of(test), turned))
        yield (turns[-1],)
    if len(turns) > 1:
        yield tuple(turns)


def _with_names(text: str, new: dict[str, str]) -> str:
    tree = parse_expression(text)
    if tree is None:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = new.get(node.id, node.id)
    return ast.unparse(tree)


def _binary(finder: Finder, node: ast.BinOp) -> None:
    old = OPERATOR_TEXT.get(type(node.op), "")
    group = OPERATORS if old in OPERATORS else BITWISE
    opposite = {"+": "-", "-": "+", "*": "/", "/": "//", "//": "/", "%": "//", "**": "*"}
    for new in group:
        if new != old:
            weight = 2.0 if opposite.get(old) == new else 1.0
            finder.between_weighed(node.left, node.right, (old, new), "operator", weight)
    left, right = finder.atom(node.left), finder.atom(node.right)
    finder.replace(node, f"{right} {old} {left}", "operator: swap sides")
    finder.replace(node, finder.of(node.left), "operator: drop operand")
    finder.replace(node, finder.of(node.right), "operator: drop operand")
    _regrouped(finder, node, old)


def _regrouped(finder: Finder, node: ast.BinOp, old: str) -> None:
    """`a + b // c` as `(a + b) // c`; `a ** 2 * b` as `a ** b`."""
    for inner, is_left in ((node.left, True), (node.right, False)):
        if not isinstance(inner, ast.BinOp):
            continue
        op = OPERATOR_TEXT[type(inner.op)]
        a, b = finder.atom(inner.left), finder.atom(inner.right)
        c = finder.atom(node.right if is_left else node.left)
        kind = "operator: regroup"
        if is_left:
            finder.replace(node, f"{a} {op} ({b} {old} {c})", kind)
            finder.replace(node, f"{a} {op} {c}", "operator: drop operand", 0.5)
            finder.replace(node, f"{a} {old} {c}", "operator: drop operand", 0.5)
        else:
            finder.replace(node, f"({c} {old} {a}) {op} {b}", kind)


def _boolean(finder: Finder, node: ast.BoolOp) -> None:
    old = OPERATOR_TEXT[type(node.op)]
    new = "or" if old == "and" else "and"
    for left, right in itertools.pairwise(node.values):
        finder.between(left, right, old, new, "boolean: and/or")
    for dropped in node.values:
        kept = [finder.of(v) for v in node.values if v is not dropped]
        finder.replace(node, f" {old} ".join(kept), "boolean: drop operand")
    if len(node.values) == 2 and not any("\n" in finder.of(v) for v in node.values):
        swapped = f"{finder.of(node.values[1])} {old} {finder.of(node.values[0])}"
        finder.replace(node, swapped, "boolean: and/or", 0.3)
    _negated(finder, node)
    _stronger(finder, node)
    _regrouped_words(finder, node, old)


def _regrouped_words(finder: Finder, node: ast.BoolOp, old: str) -> None:
    """`a and b or c` as `a and (b or c)`, `a or b and c` as `(a or b) and c`."""
    for i, inner in enumerate(node.values):
        if not isinstance(inner, ast.BoolOp):
            continue
        op = OPERATOR_TEXT[type(inner.op)]
        parts = [finder.of(v) for v in inner.values]
        before = [finder.of(v) for v in node.values[:i]]
        after = [finder.of(v) for v in node.values[i + 1 :]]
        if after:
            tail = f" {old} ".join([parts[-1], *after])
            whole = [*before, f" {op} ".join([*parts[:-1], f"({tail})"])]
            finder.replace(node, f" {old} ".join(whole), "operator: regroup", 2.0)
        if before:
            head = f" {old} ".join([*before, parts[0]])
            whole = [f" {op} ".join([f"({head})", *parts[1:]]), *after]
            finder.replace(node, f" {old} ".join(whole), "operator: regroup", 2.0)


def _unary(finder: Finder, node: ast.UnaryOp) -> None:
    if isinstance(node.op, ast.Not):
        finder.replace(node, finder.of(node.operand), "negate", 1.5)
    elif not isinstance(node.operand, ast.Constant):
        finder.replace(node, finder.of(node.operand), "negate", 1.0)
    elif isinstance(value := node.operand.value, int | float):
        _number(finder, node, -value)


def _negated(finder: Finder, test: ast.expr) -> None:
    """`not C`, where no operator says the same."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return
    if not (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)):
        finder.replace(test, f"not {finder.atom(test)}", "negate")


# --- leaves --------------------------------------------------------------------------------------


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _constant(finder: Finder, node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, bool):
        finder.replace(node, str(not value), "truth value")
    elif isinstance(value, int | float):
        if not isinstance(finder.scopes.parents.get(node), ast.UnaryOp):
            _number(finder, node, value)
    elif isinstance(value, str):
        _string(finder, node, value)
    elif value is None:
        for text in dict.fromkeys((*finder.returns, "0", "[]", "''", "False", "-1")):
            finder.replace(node, text, "truth value", 0.3)


def _number(finder: Finder, node: ast.expr, value: float | None) -> None:
    if value is None:
        return
    for near in (value + 1, value - 1):
        finder.replace(node, repr(near), "number: by one")
    others: list[float] = [0, 1, 2, -value, 10, value * 10, value * 2]
    if isinstance(value, float):
        others = [*others, value + 0.1, value - 0.1, value * 10, value / 10, value / 2, 0.5]
    elif value % 2 == 0:
        others.append(value // 2)
    texts = [repr(round(x, 9) if isinstance(x, float) else x) for x in others]
    doc = [c for c in finder.constants if c.lstrip("-")[0].isdigit()]
    for text in dict.fromkeys((*texts, *doc)):
        finder.replace(node, text, "number: other", 1.5 if text in doc else 1.0)
    for name in finder.scopes.like(node, "num"):
        weight = 1.0 if finder.scopes.kinds.get(name) else 0.4
        finder.replace(node, name, "number: name instead", weight)


def _string(finder: Finder, node: ast.Constant, value: str) -> None:
    elsewhere = [
        repr(n.value)
        for n in finder.expressions
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and len(n.value) <= 20
    ]
    doc = [c for c in finder.constants if c.startswith("'")]
    cased = [repr(v) for v in (value.upper(), value.lower(), value.title(), value.strip())]
    for text in dict.fromkeys(("''", "' '", *cased, *elsewhere, *doc)):
        if text != repr(value):
            weight = 1.0 if text in ("''", "' '", *elsewhere) else 0.6
            finder.replace(node, text, "text: other", weight)
    if 2 <= len(value) <= 60 and finder.of(node)[0] in "\"'":
        for i in range(len(value)):
            new = repr(value[:i] + value[i + 1 :])
            weight = 1.0 if i in (0, len(value) - 1) else 0.5
            finder.replace(node, new, "text: fewer letters", weight)
    for name in finder.scopes.names_at(node):
        if finder.scopes.kinds.get(name) == "str":
            finder.replace(node, name, "name: other name", 0.2)


def _name(finder: Finder, node: ast.Name) -> None:
    scopes, kind = finder.scopes, finder.scopes.kinds.get(node.id, "")
    parent = scopes.parents.get(node)
    is_called = isinstance(parent, ast.Call) and parent.func is node
    if is_called or node.id not in scopes.names_at(node):
        _alike(finder, node, node.id, "")
        return
    stored = not isinstance(node.ctx, ast.Load)
    if stored and not isinstance(parent, ast.Assign | ast.AugAssign):
        return
    for name in scopes.names_at(node):
        other = scopes.kinds.get(name, "")
        if name != node.id and fits(kind, other):
            weight = (1.0 if kind and other else 0.5) * (0.3 if stored else 1.0)
            finder.replace(node, name, "name: other name", weight)
    if not stored:
        _other_expressions(finder, node, kind)


def _other_expressions(finder: Finder, node: ast.Name, kind: str) -> None:
    """A constant, a part of the variable, or an expression that stands elsewhere."""
    if base(kind) in ("num", ""):
        for number in ("0", "1", "-1"):
            finder.replace(node, number, "name: number instead", 1.0 if kind else 0.3)
    if base(kind) in ("list", "str", "tuple", ""):
        share = 1.0 if kind else 0.3
        for index in ("0", "-1", "1"):
            finder.replace(node, f"{node.id}[{index}]", "name: part of it", share)
        for name in finder.scopes.names_at(node):
            if finder.scopes.kinds.get(name) == "num":
                finder.replace(node, f"{node.id}[{name}]", "name: part of it", share)
    for text, other, _weight in atoms(finder, node):
        if text != node.id and not text.isidentifier() and fits(kind, other):
            finder.replace(node, text, "name: other name", 0.25 if kind and other else 0.1)


def _alike(finder: Finder, node: ast.expr, name: str, prefix: str) -> None:
    for group in ALIKE:
        if name in group:
            for new in group:
                if new != name:
                    finder.replace(node, prefix + new, "call: alike")


def _attribute(finder: Finder, node: ast.Attribute) -> None:
    _alike(finder, node, node.attr, f"{finder.of(node.value)}.")


def _items(finder: Finder, node: ast.List | ast.Tuple | ast.Set) -> None:
    for left, right in itertools.pairwise(node.elts):
        (start, middle), (next_, end) = finder.span(left), finder.span(right)
        text = finder.text
        new = text[next_:end] + text[middle:next_] + text[start:middle]
        what = (
            f"swap `{text[start:middle][:30]}` and `{text[next_:end][:30]}` in line {left.lineno}"
        )
        finder.add(start, end, new, line=left.lineno, what=what, kind="items: swap")
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    if isinstance(node, ast.List) and not node.elts:
        for text in ("[[]]", "[0]", "[1]", "['']"):
            finder.replace(node, text, "items: wrap")
        for text in finder.returns:
            finder.replace(node, text, "items: wrap")
    if len(node.elts) < 2 or finder.text[finder.span(node)[0]] not in "[({":
        return
    for i, item in enumerate(node.elts):
        start, end = finder.span(item)
        if i + 1 < len(node.elts):
            end = finder.span(node.elts[i + 1])[0]
        else:
            start = finder.span(node.elts[i - 1])[1]
        what = f"drop `{finder.of(item)[:40]}` in line {item.lineno}"
        if not (isinstance(node, ast.Tuple) and len(node.elts) == 2):
            finder.add(start, end, "", line=item.lineno, what=what, kind="items: drop")


# --- calls, subscripts, comprehensions -----------------------------------------------------------


def _call(finder: Finder, node: ast.Call) -> None:
    name = finder.of(node.func)
    texts = [finder.of(arg) for arg in node.args]
    named = [finder.text[slice(*_keyword_span(finder, k))] for k in node.keywords]
    for i, j in itertools.combinations(range(len(texts)), 2):
        swapped = list(texts)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        finder.replace(node, f"{name}({', '.join([*swapped, *named])})", "call: swap arguments")
    if len(texts) + len(named) > 1:
        for i in range(len(texts)):
            rest = [*texts[:i], *texts[i + 1 :], *named]
            finder.replace(node, f"{name}({', '.join(rest)})", "call: drop argument")
        for i in range(len(named)):
            rest = [*texts, *named[:i], *named[i + 1 :]]
            finder.replace(node, f"{name}({', '.join(rest)})", "call: drop argument")
    if len(texts) == 1 and not named and name != "range":
        finder.replace(node, texts[0], "call: drop")
        if isinstance(node.func, ast.Name) and name not in ("len", "print", "sorted", "set"):
            finder.replace(node, f"{name}({finder.of(node)})", "call: twice")
    if isinstance(node.func, ast.Attribute) and _is_value(finder, node):
        finder.replace(node, finder.of(node.func.value), "call: drop")
    if name == "range":
        _range(finder, node, texts)
    if name in ("sorted", "max", "min") or name.endswith(".sort"):
        _ordering(finder, node, [*texts, *named])
    if name.endswith(".get") and len(texts) == 1:
        for default in ("0", "[]", "''"):
            finder.replace(node, f"{name}({texts[0]}, {default})", "call: other argument")
    if name in ("round", "int") and len(texts) == 1:
        for extra in ("2", "10"):
            finder.replace(node, f"{name}({texts[0]}, {extra})", "call: other argument", 0.2)


def _keyword_span(finder: Finder, keyword: ast.keyword) -> tuple[int, int]:
    end = finder.span(keyword.value)[1]
    return finder.at(keyword.lineno, keyword.col_offset), end


def _range(finder: Finder, node: ast.Call, texts: list[str]) -> None:
    kind = "call: other argument"
    if len(texts) == 1:
        news = [f"1, {texts[0]}", f"1, {texts[0]} + 1", f"2, {texts[0]}", f"{texts[0]}, 0, -1"]
        news += [f"{texts[0]} - 1, -1, -1", f"0, {texts[0]}, 2"]
    elif len(texts) == 2:
        start, end = texts
        news = [end, f"0, {end}", f"{end}, {start}, -1", f"{end} - 1, {start} - 1, -1"]
        news += [f"{start}, {end}, 2"]
    else:
        news = [f"{texts[0]}, {texts[1]}", f"{texts[0]}, {texts[1]}, -({texts[2]})"]
    for new in news:
        finder.replace(node, f"range({new})", kind)


def _ordering(finder: Finder, node: ast.Call, texts: list[str]) -> None:
    name = finder.of(node.func)
    has_key = any(t.startswith("key=") for t in texts)
    has_reverse = any(t.startswith("reverse=") for t in texts)
    extra = [] if name in ("max", "min") or has_reverse else ["reverse=True"]
    if not has_key:
        extra += ["key=len", "key=abs", "key=str", "key=lambda x: (len(x), x)"]
        extra += ["key=lambda x: x[0]", "key=lambda x: x[1]", "key=lambda x: x[-1]"]
        names = finder.scopes.names_at(node)
        kinds = finder.scopes.kinds
        extra += [f"key=lambda x: {n}[x]" for n in names if base(kinds.get(n, "")) == "dict"]
        extra += [f"key={n}" for n in finder.scopes.kinds if kinds[n] == "func"]
    for new in extra:
        finder.replace(node, f"{name}({', '.join([*texts, new])})", "call: key or order")


def _subscript(finder: Finder, node: ast.Subscript) -> None:
    value = finder.of(node.value)
    if not isinstance(node.slice, ast.Slice):
        for index in ("0", "-1"):
            finder.replace(node.slice, index, "number: other", 0.5)
        if isinstance(node.ctx, ast.Load):
            finder.replace(node, value, "slice", 0.3)
            text = finder.of(node.slice)
            finder.replace(node.slice, f"-{finder.atom(node.slice)}", "slice", 0.2)
            if base(finder.scopes.kind(node.value)) == "dict":
                for default in ("0", "[]"):
                    finder.replace(node, f"{value}.get({text}, {default})", "slice", 0.2)
        return
    parts = [node.slice.lower, node.slice.upper, node.slice.step]
    texts = [finder.of(part) if part else "" for part in parts]
    for i, new in itertools.product((0, 1), ("", "1", "-1", "2")):
        _reslice(finder, node, [*texts[:i], new, *texts[i + 1 :]], 1.0)
    for name in finder.scopes.like(node, "num"):
        if finder.scopes.kinds.get(name):
            for i in (0, 1):
                _reslice(finder, node, [*texts[:i], name, *texts[i + 1 :]], 0.4)
    if not texts[2]:
        _reslice(finder, node, [*texts[:2], "-1"], 0.5)
        _reslice(finder, node, [*texts[:2], "2"], 0.3)
        finder.replace(node, f"{value}[{texts[0]}:{texts[1]}][::-1]", "slice", 0.7)
        _reslice(finder, node, [texts[1], texts[0], ""], 0.7)
    else:
        _reslice(finder, node, [*texts[:2], ""], 1.0)
        for step in ("2", "1", "3"):
            _reslice(finder, node, [*texts[:2], step], 0.4)
    if isinstance(node.ctx, ast.Load):
        finder.replace(node, value, "slice", 0.7)
        index = texts[0] or texts[1]
        if index:
            finder.replace(node, f"{value}[{index}]", "slice", 0.3)


def _reslice(finder: Finder, node: ast.Subscript, texts: list[str], weight: float) -> None:
    tail = f":{texts[2]}" if texts[2] else ""
    new = f"{finder.of(node.value)}[{texts[0]}:{texts[1]}{tail}]"
    finder.replace(node, new, "slice", weight)


def _comprehension(finder: Finder, node: ast.expr) -> None:
    generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
    first = getattr(node, "elt", None) or getattr(node, "value", None)
    assert isinstance(first, ast.expr)
    for generator in generators:
        at = finder.span(generator.ifs[-1] if generator.ifs else generator.iter)[1]
        at = _after_parentheses(finder, at)
        if not generator.ifs:
            for text, weight in conditions(finder, first):
                if finder.of(generator.target) in text:
                    what = f"add `if {text}` in line {generator.iter.lineno}"
                    new = f" if {text}"
                    line = generator.iter.lineno
                    finder.add(at, at, new, line=line, what=what, kind="filter", weight=weight)
        for test in generator.ifs:
            start = finder.span(generator.iter)[1]
            if len(generator.ifs) == 1:
                what = f"drop `if {finder.of(test)[:40]}` in line {test.lineno}"
                finder.add(start, at, "", line=test.lineno, what=what, kind="filter: drop")
            if not isinstance(test, ast.Compare | ast.BoolOp):
                _negated(finder, test)
                _stronger(finder, test)
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        _elements(finder, node, generators)


def _after_parentheses(finder: Finder, at: int) -> int:
    """Past a parenthesis that was opened for the last part alone."""
    text = finder.text[:at]
    start = text.rfind("\n") + 1
    opened = text[max(start, text.rfind(" in ", start)) :]
    while opened.count("(") > opened.count(")") and finder.text[at : at + 1] == ")":
        at += 1
        opened += ")"
    return at


def _elements(
    finder: Finder, node: ast.GeneratorExp | ast.ListComp, generators: list[ast.comprehension]
) -> None:
    """`[x for x in xs]` over distinct or ordered items."""
    for generator in generators:
        if not isinstance(generator.iter, ast.Call):
            for wrap in ("set", "sorted", "reversed"):
                new = f"{wrap}({finder.of(generator.iter)})"
                finder.replace(generator.iter, new, "call: add", 0.3)


def _conditional(finder: Finder, node: ast.IfExp) -> None:
    body, test, orelse = finder.of(node.body), finder.of(node.test), finder.of(node.orelse)
    finder.replace(node, f"{orelse} if {test} else {body}", "branch: swap")
    finder.replace(node, body, "branch: one side")
    finder.replace(node, orelse, "branch: one side")
    _test(finder, node)


def _test(finder: Finder, node: ast.If | ast.While | ast.IfExp) -> None:
    if not isinstance(node.test, ast.Compare | ast.BoolOp):
        _negated(finder, node.test)
        _stronger(finder, node.test)


_HANDLERS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Compare: _compare,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.If: _test,
    ast.While: _test,
    ast.IfExp: _conditional,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
}
