"""How code could pass tests that share a process with it, without doing what they ask: found in its
syntax tree, never run.

It reaches the frames and objects of who tests it, changes what others use, or gives objects that
equal anything. What it does not cover: a name that the code is given from outside.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

REACHES = "reaches into the interpreter"
CHANGES = "changes what others use"
EQUALS = "makes objects that equal anything"
SWALLOWS = "swallows what tests raise"
ENDS = "ends the program"

FRAMES = frozenset(
    (
        *("__traceback__", "tb_frame", "tb_next", "gi_frame", "cr_frame", "ag_frame", "f_back"),
        *("f_locals", "f_globals", "f_code", "f_builtins", "f_trace", "__globals__", "__code__"),
        *("__builtins__", "__subclasses__", "__mro__", "__bases__", "__base__", "__closure__"),
        *("cell_contents", "__loader__", "__spec__", "__self__", "__getattribute__", "findCaller"),
    )
)
"""Names of attributes that lead from an object to the program around it."""
COMPARES = frozenset(("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__"))
LEAVES = frozenset(("__exit__", "__aexit__"))
HARMLESS_NAMES = frozenset(
    (
        *("__name__", "__qualname__", "__doc__", "__module__", "__wrapped__", "__signature__"),
        *("__annotations__", "__defaults__", "__kwdefaults__", "__dict__", "__slots__"),
    )
)
"""What decorators set on the functions they make."""
WIDE = frozenset(("Exception", "BaseException", "AssertionError"))
ENDING = frozenset(("SystemExit", "KeyboardInterrupt", "GeneratorExit", "SkipTest"))
MAKERS = frozenset(("chr", "bytes", "bytearray", "join", "decode", "fromhex"))
"""What makes texts of numbers."""
BY_NAME = frozenset(("getattr", "setattr", "delattr", "hasattr", "attrgetter", "methodcaller"))
_WORD = re.compile(r"\w+")


def cheats_in(tree: ast.AST, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of a capability and what shows it; `aliases` are names of imported things."""
    said = set(_docstrings(tree))
    aliases = {**aliases, **dict(_renamed(tree, aliases))}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if name in FRAMES:
                yield REACHES, name
            case ast.Name(id=name) if name in FRAMES:
                yield REACHES, name
            case ast.Constant(value=str() as text) if node not in said:
                yield from _of_text(text)
            case ast.keyword(arg="stack_info"):
                yield REACHES, "stack_info"
            case ast.Call():
                yield from _of_call(node, aliases)
            case ast.ClassDef():
                yield from _of_class(node)
            case ast.ExceptHandler(type=ast.expr() as kind) if "AssertionError" in _names(kind):
                yield SWALLOWS, "except AssertionError"
            case ast.Try() if _swallows_around_yield(node):
                yield SWALLOWS, "try around a yield"
            case ast.With() if _suppresses_around_yield(node):
                yield SWALLOWS, "suppress around a yield"
            case ast.Raise(exc=ast.expr() as raised) if ENDING & _names(raised):
                yield ENDS, f"raise {ast.unparse(raised)}"
            case ast.Attribute(ctx=ast.Store() | ast.Del()):
                yield from _of_change(node, aliases)


def _swallows_around_yield(node: ast.Try) -> bool:
    """What a `with` block raises arrives at the yield; a handler of all, or a `return` in
    `finally`, ends it there.
    """
    if not _yields(node.body):
        return False
    wide = any(
        (one.type is None or WIDE & _names(one.type)) and not isinstance(one.body[-1], ast.Raise)
        for one in node.handlers
    )
    ends = any(isinstance(one, ast.Return) for stmt in node.finalbody for one in ast.walk(stmt))
    return wide or ends


def _suppresses_around_yield(node: ast.With) -> bool:
    called = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
    return _yields(node.body) and any("suppress" in _names(one.func) for one in called)


def _yields(body: Sequence[ast.stmt]) -> bool:
    kinds = (ast.Yield, ast.YieldFrom)
    return any(isinstance(one, kinds) for stmt in body for one in ast.walk(stmt))


def _docstrings(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr):
            yield first.value


def _of_text(text: str) -> Iterator[tuple[str, str]]:
    """A name in a text can be asked for: `getattr(x, "f_back")`, `"{0.f_back}".format(x)`."""
    for word in _WORD.findall(text):
        if word in FRAMES:
            yield REACHES, f'"{word}"'
        if word in COMPARES | LEAVES:
            yield EQUALS, f'"{word}"'


def _of_call(call: ast.Call, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    name = _last(call.func)
    if name == "type" and len(call.args) == 3 and not _is_plain(call.args[2]):
        yield EQUALS, "type with names that it puts together"
    if name not in BY_NAME:
        return
    asked = call.args[:1] if name in ("attrgetter", "methodcaller") else call.args[1:2]
    for expression in asked:
        if (found := _put_together(expression)) is not None:
            yield REACHES, f"{name} with {found}"
    if name in ("setattr", "delattr") and call.args and _is_foreign(call.args[0], aliases):
        yield CHANGES, f"{name}({ast.unparse(call.args[0])}, ...)"


def _is_plain(namespace: ast.expr) -> bool:
    """Whether all names in a class's namespace can be read."""
    keys = namespace.keys if isinstance(namespace, ast.Dict) else [None]
    return all(isinstance(key, ast.Constant) for key in keys)


def _put_together(node: ast.expr) -> str | None:
    """What a name that is put together may be: one of FRAMES, or not known; None for no such."""
    if isinstance(node, ast.Constant | ast.Name | ast.Attribute):
        return None
    texts = _texts(node)
    if not texts:
        is_made = isinstance(node, ast.BinOp) or bool(MAKERS & _names(node))
        return "a name that it puts together" if is_made else None
    pattern = re.compile(".*".join(map(re.escape, texts)))
    reverse = re.compile(".*".join(re.escape(text[::-1]) for text in texts))
    names = FRAMES | COMPARES | LEAVES
    return next((n for n in sorted(names) if pattern.search(n) or reverse.search(n)), None)


def _texts(node: ast.expr) -> list[str]:
    inner = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return [text for text in inner if isinstance(text, str) and text]


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for stmt in node.body:
        match stmt:
            case ast.FunctionDef(name=name) if name in COMPARES | LEAVES:
                if _is_blind(stmt.args, stmt.body):
                    yield _meaning(name), f"{node.name}.{name}"
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    name = target.id if isinstance(target, ast.Name) else ""
                    if name in COMPARES | LEAVES and not _sees(value):
                        yield _meaning(name), f"{node.name}.{name}"


def _meaning(name: str) -> str:
    return SWALLOWS if name in LEAVES else EQUALS


def _sees(value: ast.expr) -> bool:
    """Whether it is a lambda that looks at what it compares."""
    return isinstance(value, ast.Lambda) and not _is_blind(value.args, [value.body])


def _is_blind(arguments: ast.arguments, body: list[ast.stmt] | list[ast.expr]) -> bool:
    """Whether the other side of a comparison is not looked at, or the answer is always yes."""
    others = {a.arg for a in (*arguments.posonlyargs, *arguments.args)[1:]}
    nodes = [node for part in body for node in ast.walk(part)]
    uses = any(isinstance(n, ast.Name) and n.id in others for n in nodes)
    given = [n.value for n in nodes if isinstance(n, ast.Return)]
    given = given or [part for part in body if isinstance(part, ast.expr)]
    is_yes = bool(given) and all(isinstance(v, ast.Constant) and v.value for v in given)
    return is_yes or (not uses and not all(_is_no(v) for v in given))


def _is_no(value: ast.expr | None) -> bool:
    """Nothing, False or NotImplemented: it lets errors pass, or equals nothing."""
    if isinstance(value, ast.Name):
        return value.id == "NotImplemented"
    return value is None or (isinstance(value, ast.Constant) and not value.value)


def _of_change(target: ast.Attribute, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    name = target.attr
    is_dunder = name.startswith("__") and name.endswith("__") and name not in HARMLESS_NAMES
    if is_dunder or _is_foreign(target.value, aliases):
        yield CHANGES, ast.unparse(target)


def _renamed(tree: ast.AST, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Other names of imported things: `m = math`, `for m in (math, os)`."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[target], value=value) | ast.For(target=target, iter=value):
                pass
            case (
                ast.NamedExpr(target=target, value=value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                pass
            case _:
                continue
        bare = [value, *value.elts] if isinstance(value, ast.Tuple | ast.List) else [value]
        known = next((n.id for n in bare if isinstance(n, ast.Name) and n.id in aliases), None)
        if known and isinstance(target, ast.Name):
            yield target.id, aliases[known]


def _is_foreign(owner: ast.expr, aliases: Mapping[str, str]) -> bool:
    """A module or what was imported from one, or the class of an object."""
    match owner:
        case ast.Name(id=name):
            return name in aliases
        case ast.Attribute(value=value, attr=attr):
            return attr == "__class__" or _is_foreign(value, aliases)
        case ast.Call(func=ast.Name(id="type")):
            return True
    return False


def _names(node: ast.expr) -> set[str]:
    found = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
