"""An `assert` line as a call and an expectation, so that the expected value stays on the trusted
side.

Only syntax trees are read here; nothing of the text is run.
What cannot be split travels as TestCode, into a process that never loads the candidate.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable

from sandbox.api import (
    Call,
    Completes,
    Expectation,
    Expression,
    Form,
    Limits,
    Policy,
    Raises,
    Returns,
    Test,
    TestCode,
)

_NOT_LITERAL = object()
_EMPTY: dict[str, Callable[[], object]] = {
    **{"set": set, "frozenset": frozenset, "list": list, "dict": dict, "tuple": tuple},
}
_WRAPPERS: dict[str, Callable[..., object]] = {"set": set, "frozenset": frozenset, "tuple": tuple}
_FLOATS = frozenset({"inf", "-inf", "+inf", "nan", "infinity", "-infinity"})


def split_assert(
    source: str, entry: str, *, test_id: str = "", limits: Limits | None = None
) -> Test | None:
    """One `assert` (or `with pytest.raises(E):`) about `entry` as a test; `candidate` means
    `entry` too.

    A comparison with a literal becomes a Call or an Expression whose value is compared on the host,
    anything else TestCode. None when the text is no such statement or never mentions the entry.
    """
    statement = _only_statement(source)
    if statement is None or not _mentions(statement, entry):
        return None
    if not isinstance(statement, ast.Assert | ast.With):
        return None
    form, expect = _split(statement, entry) or (
        TestCode(source=source, entry=entry),
        Completes(),
    )
    return Test(test_id=test_id or source, form=form, expect=expect, limits=limits or Limits())


def split_tests(source: str, entry: str, *, limits: Limits | None = None) -> tuple[Test, ...]:
    """Test text as tests: one per assert where the text is nothing but asserts (also in `check`).

    Otherwise one TestCode for all of it; empty when the text does not parse.
    """
    tree = _parsed(source)
    if tree is None:
        return ()
    body, check = _asserts_of(tree)
    texts = [ast.unparse(statement) for statement in body]
    tests = [
        split_assert(text, entry, test_id=f"assert {n}", limits=limits)
        for n, text in enumerate(texts)
    ]
    if tests and all(tests):
        return tuple(test for test in tests if test)
    form = TestCode(source=source, entry=entry, check=check)
    return (Test(test_id="test code", form=form, expect=Completes(), limits=limits or Limits()),)


def _asserts_of(tree: ast.Module) -> tuple[list[ast.stmt], str | None]:
    """The asserts if there is nothing else, and the name of the `check(candidate)` function."""
    checks = [s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == "check"]
    name = checks[0].name if checks else None
    body = checks[0].body if checks else tree.body
    others = [s for s in tree.body if s not in checks and not _is_metadata(s)] if checks else []
    body = [s for s in body if not _is_docstring(s)]
    is_plain = not others and all(isinstance(s, ast.Assert) for s in body)
    return (list(body), name) if is_plain else ([], name)


def _is_metadata(statement: ast.stmt) -> bool:
    """`METADATA = {...}`, as HumanEval has it."""
    return isinstance(statement, ast.Assign) and literal(statement.value) is not _NOT_LITERAL


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _only_statement(source: str) -> ast.stmt | None:
    tree = _parsed(source.strip())
    return tree.body[0] if tree and len(tree.body) == 1 else None


def _parsed(source: str) -> ast.Module | None:
    """None for what is no Python, and for a tree too deep to be written back."""
    try:
        tree = ast.parse(source)
        ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def _mentions(node: ast.AST, entry: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id in _names(entry) for n in ast.walk(node))


def _names(entry: str) -> tuple[str, ...]:
    return (entry.partition(".")[0], "candidate")


def _split(statement: ast.Assert | ast.With, entry: str) -> tuple[Form, Expectation] | None:
    if isinstance(statement, ast.With):
        return _split_raises(statement, entry)
    match statement.test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return _equation(left, right, entry) or _equation(right, left, entry)
        case ast.Compare(
            left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None | bool() as value)]
        ):
            return _asked(left, entry, Returns(value=value, policy=Policy.EXACT))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _truth(operand, entry, False)
        case ast.Call() as call:
            return _truth(call, entry, True)
    return None


def _equation(asked: ast.expr, wanted: ast.expr, entry: str) -> tuple[Form, Expectation] | None:
    value = literal(wanted)
    return None if value is _NOT_LITERAL else _asked(asked, entry, Returns(value=value))


def _truth(asked: ast.expr, entry: str, wanted: bool) -> tuple[Form, Expectation] | None:
    """A bare call is asked for its truth, as assert does, which is weaker than `is True`."""
    if not (isinstance(asked, ast.Call) and _is_entry(asked.func, entry)):
        return None
    call = ast.Call(func=ast.Name(id="bool", ctx=ast.Load()), args=[asked], keywords=[])
    return _asked(call, entry, Returns(value=wanted, policy=Policy.EXACT))


def _split_raises(statement: ast.With, entry: str) -> tuple[Form, Expectation] | None:
    """`with pytest.raises(E): f(...)`, without a match."""
    match statement:
        case ast.With(
            items=[
                ast.withitem(context_expr=ast.Call(func=raises, args=[kind], keywords=[])),
            ],
            body=[ast.Expr(value=ast.Call() as call)],
        ):
            if ast.unparse(raises) in ("pytest.raises", "raises", "self.assertRaises"):
                return _asked(call, entry, Raises(type=ast.unparse(kind)))
    return None


def _asked(asked: ast.expr, entry: str, expect: Expectation) -> tuple[Form, Expectation] | None:
    """The form that yields the value of an expression that is closed but for the entry."""
    if not _mentions(asked, entry) or not _is_closed(asked, entry):
        return None
    call = _literal_call(asked, entry)
    if call is not None:
        return call, expect
    return Expression(source=ast.unparse(_renamed(asked, entry))), expect


def _is_closed(node: ast.AST, entry: str) -> bool:
    names = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    bound = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    arguments = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    known = {*_names(entry), *bound, *arguments}
    return all(n.id in known or hasattr(builtins, n.id) for n in names)


def _literal_call(asked: ast.expr, entry: str) -> Call | None:
    """`f(1, key=[2])` with nothing but literals."""
    if not (isinstance(asked, ast.Call) and _is_entry(asked.func, entry)):
        return None
    args = [literal(arg) for arg in asked.args]
    kwargs = {k.arg: literal(k.value) for k in asked.keywords if k.arg}
    is_literal = all(v is not _NOT_LITERAL for v in (*args, *kwargs.values()))
    if not is_literal or len(kwargs) != len(asked.keywords):
        return None
    return Call(entry=entry, args=tuple(args), kwargs=kwargs)


def _is_entry(func: ast.expr, entry: str) -> bool:
    """`f`, `candidate`, or `Solution().method` for the entry `Solution.method`."""
    if isinstance(func, ast.Name):
        return func.id in (entry, "candidate")
    return "." in entry and ast.unparse(func) == entry.replace(".", "().", 1)


class _Rename(ast.NodeTransformer):
    def __init__(self, entry: str) -> None:
        self.entry = entry

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id != "candidate":
            return node
        first, *rest = self.entry.split(".")
        text = f"{first}().{'.'.join(rest)}" if rest else first
        return ast.parse(text, mode="eval").body


def _renamed(asked: ast.expr, entry: str) -> ast.AST:
    copy = ast.parse(ast.unparse(asked), mode="eval").body
    renamed: ast.AST = _Rename(entry).visit(copy)
    return renamed


def literal(node: ast.expr) -> object:
    """The value of a literal, of `set()` and the like, of `float("inf")`; else a marker object."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return _made_by_call(node)


def _made_by_call(node: ast.expr) -> object:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _made_by_call(operand)
            return -value if isinstance(value, float) else _NOT_LITERAL
        case ast.Call(func=ast.Name(id=name), args=[], keywords=[]) if name in _EMPTY:
            return _EMPTY[name]()
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str(text))], keywords=[]):
            return float(text) if text.lower() in _FLOATS else _NOT_LITERAL
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]) if name in _WRAPPERS:
            return _wrapped(name, literal(inner))
        case ast.Attribute(value=ast.Name(id="math"), attr="inf" | "nan" as attr):
            return float(attr)
    return _NOT_LITERAL


def _wrapped(name: str, inner: object) -> object:
    if not isinstance(inner, list | tuple | set | frozenset | str):
        return _NOT_LITERAL
    try:
        return _WRAPPERS[name](inner)
    except TypeError:
        return _NOT_LITERAL
