"""Which names a place in a function can use, and of what rough kind each is.

Kinds are `num`, `str`, `bool`, `none`, `func`, `list`, `dict`, `set`, `tuple`, with the kind of
their elements in brackets where it is known (`list[num]`); "" means unknown and fits everything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
_OF_CALL = {
    **dict.fromkeys(("len", "int", "sum", "ord", "abs", "round", "pow", "float", "hash"), "num"),
    **dict.fromkeys(("str", "chr", "bin", "hex", "oct", "repr", "input", "format"), "str"),
    **dict.fromkeys(("any", "all", "bool", "isinstance"), "bool"),
    **dict.fromkeys(("list", "sorted", "reversed"), "list"),
    "range": "list[num]",
    "set": "set",
    "frozenset": "set",
    "dict": "dict",
    "tuple": "tuple",
}
_OF_METHOD = {
    **dict.fromkeys(
        ("join", "lower", "upper", "strip", "lstrip", "rstrip", "replace", "title", "capitalize"),
        "str",
    ),
    **dict.fromkeys(("swapcase", "format", "zfill", "decode", "center"), "str"),
    **dict.fromkeys(("split", "rsplit", "splitlines"), "list[str]"),
    **dict.fromkeys(("count", "find", "rfind", "index"), "num"),
    **dict.fromkeys(("isdigit", "isalpha", "startswith", "endswith", "isupper", "islower"), "bool"),
}
_OF_ANNOTATION = {
    "int": "num",
    "float": "num",
    "str": "str",
    "bool": "bool",
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "Iterable": "list",
    "dict": "dict",
    "Dict": "dict",
    "set": "set",
    "Set": "set",
    "tuple": "tuple",
    "Tuple": "tuple",
}


def base(kind: str) -> str:
    return kind.partition("[")[0]


def element(kind: str) -> str:
    """The kind of what iterating or indexing gives."""
    if kind == "str":
        return "str"
    return kind.partition("[")[2].removesuffix("]")


def fits(one: str, other: str) -> bool:
    """Whether a value of one kind may stand for one of the other."""
    a, b = base(one).replace("bool", "num"), base(other).replace("bool", "num")
    if not a or not b:
        return True
    inner, outer = element(one), element(other)
    return a == b and (a == "str" or not inner or not outer or fits(inner, outer))


def kind_of_value(value: object) -> str:
    """The kind of a plain value of an example."""
    match value:
        case bool():
            return "bool"
        case int() | float():
            return "num"
        case str():
            return "str"
        case None:
            return "none"
        case list() | tuple() | set() | frozenset() | dict():
            inner = {kind_of_value(item) for item in value}
            name = "set" if isinstance(value, frozenset) else type(value).__name__
            return f"{name}[{inner.pop()}]" if len(inner) == 1 else name
    return ""


class Scopes:
    """The names of a tree by place, and the kinds of the names."""

    def __init__(self, root: ast.AST, parameters: Mapping[str, str] | None = None) -> None:
        self.parents = {
            child: node for node in ast.walk(root) for child in ast.iter_child_nodes(node)
        }
        self.root = root
        self._names: dict[ast.AST, tuple[str, ...]] = {}
        self.kinds: dict[str, str] = dict(parameters or {})
        for _ in range(2):
            for node in ast.walk(root):
                self._learn(node)
        self.all_names = frozenset(
            name
            for n in ast.walk(root)
            if isinstance(n, _SCOPES) or n is root
            for name in self._own_names(n)
        )
        self.unused = self._unused()

    def names_at(self, node: ast.AST) -> tuple[str, ...]:
        """Variables that code at `node` can see, nearest scope first."""
        found: list[str] = []
        at: ast.AST | None = node
        while at is not None:
            if isinstance(at, _SCOPES) or at is self.root:
                found += self._own_names(at)
            at = self.parents.get(at)
        return tuple(dict.fromkeys(found))

    def like(self, node: ast.AST, kind: str) -> Iterator[str]:
        """The visible names whose kind fits."""
        return (n for n in self.names_at(node) if fits(kind, self.kinds.get(n, "")))

    def _own_names(self, scope: ast.AST) -> tuple[str, ...]:
        if scope not in self._names:
            self._names[scope] = tuple(dict.fromkeys(_bound_in(scope)))
        return self._names[scope]

    def _unused(self) -> frozenset[str]:
        nodes = [n for n in ast.walk(self.root) if isinstance(n, ast.Name)]
        read = {n.id for n in nodes if isinstance(n.ctx, ast.Load)}
        return frozenset(n for n in self.all_names - read if not n.startswith("_"))

    # --- kinds ---------------------------------------------------------------------------------

    def _learn(self, node: ast.AST) -> None:
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as note):
                self._say(name, _annotated(note))
            case ast.AnnAssign(target=target, annotation=note):
                self._bind(target, _annotated(note))
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case (
                ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source)
            ):
                self._iterate(target, source)
            case ast.FunctionDef(name=name):
                self._say(name, "func")

    def _say(self, name: str, kind: str) -> None:
        if kind and (name not in self.kinds or base(self.kinds[name]) == base(kind)):
            known = self.kinds.get(name, "")
            self.kinds[name] = max(known, kind, key=len)

    def _bind(self, target: ast.expr, kind: str) -> None:
        if isinstance(target, ast.Name):
            self._say(target.id, kind)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, part in zip(target.elts, value.elts, strict=False):
                self._bind(one, self.kind(part))
        else:
            self._bind(target, self.kind(value))

    def _iterate(self, target: ast.expr, source: ast.expr) -> None:
        called = source.func.id if _is_named_call(source) else ""  # type: ignore[attr-defined]
        arguments = source.args if isinstance(source, ast.Call) else []
        if called == "enumerate" and isinstance(target, ast.Tuple) and arguments:
            self._bind(target.elts[0], "num")
            self._bind(target.elts[-1], element(self.kind(arguments[0])))
        elif called == "zip" and isinstance(target, ast.Tuple):
            for one, part in zip(target.elts, arguments, strict=False):
                self._bind(one, element(self.kind(part)))
        elif called in ("sorted", "reversed", "list", "set") and arguments:
            self._bind(target, element(self.kind(arguments[0])))
        else:
            self._bind(target, element(self.kind(source)))

    def kind(self, node: ast.expr) -> str:
        """The rough kind of an expression's value."""
        match node:
            case ast.Constant(value=value):
                return kind_of_value(value)
            case ast.Name(id=name):
                return self.kinds.get(name, "")
            case ast.List(elts=items):
                return _with_element("list", [self.kind(item) for item in items])
            case ast.ListComp(elt=item):
                return _with_element("list", [self.kind(item)])
            case ast.GeneratorExp(elt=item):
                return _with_element("list", [self.kind(item)])
            case ast.Set() | ast.SetComp():
                return "set"
            case ast.Dict() | ast.DictComp():
                return "dict"
            case ast.Tuple():
                return "tuple"
            case ast.JoinedStr():
                return "str"
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return "bool"
            case ast.UnaryOp(operand=operand):
                return self.kind(operand)
            case ast.BoolOp(values=values):
                return self.kind(values[-1])
            case ast.IfExp(body=body, orelse=orelse):
                return self.kind(body) or self.kind(orelse)
            case ast.BinOp():
                return self._kind_of_operation(node)
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self.kind(value)
            case ast.Subscript(value=value):
                return element(self.kind(value))
            case ast.Call():
                return self._kind_of_call(node)
        return ""

    def _kind_of_operation(self, node: ast.BinOp) -> str:
        left, right = self.kind(node.left), self.kind(node.right)
        if isinstance(node.op, ast.Mult) and base(left) == "num":
            return right or "num"
        if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Pow) and left != "set":
            return "num"
        return left or right

    def _kind_of_call(self, node: ast.Call) -> str:
        if isinstance(node.func, ast.Attribute):
            return _OF_METHOD.get(node.func.attr, "")
        if not isinstance(node.func, ast.Name):
            return ""
        known = _OF_CALL.get(node.func.id, "")
        if node.func.id in ("min", "max") and node.args:
            first = self.kind(node.args[0])
            return first if len(node.args) > 1 else element(first)
        if known in ("list", "set", "tuple") and node.args:
            return _with_element(known, [element(self.kind(node.args[0]))])
        return known


def _bound_in(scope: ast.AST) -> Iterator[str]:
    """Names that the scope itself binds, in order of their text."""
    if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        spec = scope.args
        for arg in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg):
            if arg is not None and arg.arg not in ("self", "cls"):
                yield arg.arg
    for node in _within(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the scopes inside it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, _SCOPES):
            yield from _within(child)


def _is_named_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _with_element(name: str, kinds: Sequence[str]) -> str:
    inner = set(kinds)
    only = inner.pop() if len(inner) == 1 else ""
    return f"{name}[{only}]" if only else name


def _annotated(note: ast.expr) -> str:
    if isinstance(note, ast.Name):
        return _OF_ANNOTATION.get(note.id, "")
    if isinstance(note, ast.Subscript) and isinstance(note.value, ast.Name):
        outer = _OF_ANNOTATION.get(note.value.id, "")
        inner = _annotated(note.slice)
        return f"{outer}[{inner}]" if outer in ("list", "set") and inner else outer
    return ""
