"""What the code of a function says of its arguments: their kinds, their keys, the values that it
compares them with.

Read from the syntax; nothing is run. Not followed: attributes of objects, and other modules.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.inputs.constants import Tables, constants_in, table_values, tables_of
from pipeline.inputs.parts import Part, shapes
from pipeline.inputs.shapes import Shape, annotated
from pipeline.inputs.target import last_name
from pipeline.source.locate import FunctionNode

DEEPEST_CALL = 2
"""Helpers of the same module that an argument is followed into, one from the other."""
_TEXT = {
    *("split", "rsplit", "splitlines", "partition", "rpartition", "join", "format", "encode"),
    *("strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold", "swapcase"),
    *("startswith", "endswith", "removeprefix", "removesuffix", "replace", "translate", "center"),
    *("ljust", "rjust", "zfill", "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower"),
    *("isnumeric", "isdecimal", "isidentifier", "expandtabs", "find", "rfind"),
}
_SAME_TEXT = {
    *("strip", "lstrip", "rstrip", "lower", "upper", "casefold", "title", "replace", "capitalize"),
    *("removeprefix", "removesuffix"),
}
_METHODS = {
    **dict.fromkeys(_TEXT, "str"),
    **dict.fromkeys(("append", "extend", "sort", "insert", "reverse"), "list"),
    **dict.fromkeys(("items", "keys", "values", "get", "setdefault"), "dict"),
    **dict.fromkeys(("union", "intersection", "issubset", "issuperset", "discard"), "set"),
    **dict.fromkeys(("bit_length", "to_bytes"), "int"),
    **dict.fromkeys(("decode", "hex"), "bytes"),
}
_BUILTINS = {
    **dict.fromkeys(("range", "chr", "bin", "oct", "hex"), "int"),
    **dict.fromkeys(("abs", "round", "divmod", "pow"), "number"),
    **dict.fromkeys(("ord",), "str"),
    **dict.fromkeys(("len",), "sized"),
    **dict.fromkeys(("sum", "min", "max", "sorted", "reversed", "any", "all", "set"), "list"),
    **dict.fromkeys(("list", "tuple", "enumerate", "iter", "map", "filter", "zip"), "list"),
    **dict.fromkeys(("frozenset", "Counter"), "list"),
}
_KINDS_OF_TYPES = {
    **dict.fromkeys(("int", "Integral"), "int"),
    **dict.fromkeys(("float", "Number", "Real"), "number"),
    **dict.fromkeys(("str", "bytes", "bool", "set", "dict", "tuple", "list"), ""),
    **dict.fromkeys(("Mapping", "MutableMapping"), "dict"),
    **dict.fromkeys(("Sequence", "Iterable", "Collection"), "list"),
}


def used_shapes(
    node: FunctionNode, module: ast.Module, names: tuple[str, ...]
) -> dict[str, tuple[Shape, ...]]:
    """For each parameter the shapes that its use allows, the likeliest first; () for nothing."""
    parts = parts_of(node, module)
    return {name: shapes(parts[name], name) for name in names if name in parts}


def parts_of(node: FunctionNode, module: ast.Module) -> dict[str, Part]:
    helpers = {n.name: n for n in module.body if isinstance(n, ast.FunctionDef)}
    return _Reading(tables_of(module, node), helpers).parts(node)


@dataclass
class _Reading:
    """One function's code, with the arguments followed by name."""

    tables: Tables
    helpers: Mapping[str, ast.FunctionDef]
    left: int = DEEPEST_CALL

    def parts(self, node: FunctionNode) -> dict[str, Part]:
        spec = node.args
        named = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
        given = {arg.arg: Part() for arg in named}
        self.names = dict(given)
        if spec.vararg:
            self.names[spec.vararg.arg] = given[spec.vararg.arg] = Part()
        for arg in named:
            for shape in annotated(arg.annotation):
                given[arg.arg].kinds[shape.kind] += 10
        for child in node.body:
            self.read(child)
        return given

    def read(self, node: ast.AST) -> None:
        """The statement and all in it, in order."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Lambda():
                return
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.read(value)
                if (part := self.part(value)) is not None:
                    self.names[name] = part
                return
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                self.unpack(targets, self.part(value))
            case ast.For(target=target, iter=over) | ast.comprehension(target=target, iter=over):
                self.loop(target, over)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for one in node.generators:
                    self.read(one)
            case ast.Compare():
                self.compare(node)
            case ast.BinOp():
                self.arithmetic(node)
            case ast.AugAssign(value=value):
                self.mark(value, "number" if not isinstance(node.op, ast.Add) else "")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.mark(operand, "number")
            case ast.Call():
                self.call(node)
            case ast.Subscript():
                self.subscript(node)
            case ast.Match(subject=subject, cases=cases):
                self.match(subject, cases)
        for child in ast.iter_child_nodes(node):
            self.read(child)

    def part(self, node: ast.expr) -> Part | None:
        """What the expression is of an argument; None where it is none."""
        match node:
            case ast.Name(id=name):
                return self.names.get(name)
            case ast.Call(func=ast.Attribute(value=value, attr=method), args=args):
                if method in _SAME_TEXT:
                    return self.part(value)
                if method == "get" and args and isinstance(args[0], ast.Constant):
                    return self._key(self.part(value), args[0].value)
                if method in ("split", "splitlines") and (part := self.part(value)):
                    part.kinds["str"] += 2
            case ast.Subscript(value=value, slice=ast.Constant(value=key)):
                return self._key(self.part(value), key)
            case ast.Subscript(value=value, slice=ast.Slice()):
                return self.part(value)
            case ast.Subscript(value=value):
                part = self.part(value)
                return part.inner() if part else None
            case ast.BoolOp(op=ast.Or(), values=[first, *_]):
                return self.part(first)
            case ast.IfExp(body=body):
                return self.part(body)
            case ast.Call(func=ast.Name(id="list" | "tuple" | "sorted" | "iter"), args=[first, *_]):
                return self.part(first)
        return None

    def _key(self, part: Part | None, key: object) -> Part | None:
        if part is None or not isinstance(key, str | int):
            return None
        return part.key(key) if isinstance(key, str) else part.inner()

    def mark(self, node: ast.expr, kind: str) -> None:
        part = self.part(node)
        if part is not None and kind:
            part.kinds[kind] += 1

    def unpack(self, targets: list[ast.expr], part: Part | None) -> None:
        if part is None or any(isinstance(t, ast.Starred) for t in targets):
            return
        part.kinds["tuple"] += 1
        for at, target in enumerate(targets):
            if isinstance(target, ast.Name):
                self.names[target.id] = part.place(at)
            elif isinstance(target, ast.Tuple):
                self.unpack(target.elts, part.place(at))

    def loop(self, target: ast.expr, over: ast.expr) -> None:
        match over:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
                if isinstance(target, ast.Tuple) and len(target.elts) == 2:
                    self.loop(target.elts[1], inner)
            case ast.Call(func=ast.Name(id="zip"), args=args) if isinstance(target, ast.Tuple):
                for one, arg in zip(target.elts, args, strict=False):
                    self.loop(one, arg)
            case ast.Call(func=ast.Name(id="sorted" | "reversed" | "set"), args=[inner, *_]):
                self.loop(target, inner)
            case ast.Call(func=ast.Attribute(value=value, attr="items" | "values" | "keys")):
                self.mark(value, "dict")
            case _ if (part := self.part(over)) is not None:
                part.kinds["list"] += not part.kinds["str"]
                self._bind(target, part.inner())

    def _bind(self, target: ast.expr, part: Part) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = part
        elif isinstance(target, ast.Tuple):
            self.unpack(target.elts, part)

    def compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        for op, one, other in zip(node.ops, sides, sides[1:], strict=False):
            if isinstance(op, ast.In | ast.NotIn):
                self._within(one, other)
                continue
            for here, there in ((one, other), (other, one)):
                part = self.part(here)
                if part is None:
                    continue
                if values := constants_in(there):
                    is_bound = not isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot)
                    self._bounded(part, values) if is_bound else part.meets(values)
                elif isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                    is_length = isinstance(there, ast.Call) and last_name(there) == "len"
                    part.kinds["int" if is_length else "number"] += 1

    def _bounded(self, part: Part, values: list[object]) -> None:
        for value in values:
            part.kinds["number" if isinstance(value, int) else type(value).__name__] += 1

    def _within(self, one: ast.expr, other: ast.expr) -> None:
        part = self.part(one)
        values = constants_in(other) or table_values(other, self.tables)
        if (
            part is not None
            and len(values) == 1
            and isinstance(values[0], str)
            and part.item is None
        ):
            # `char in "aeiou"`
            part.kinds["str"] += 1
        elif part is not None:
            part.meets(values)
        whole = self.part(other)
        if whole is not None:
            literals = constants_in(one)
            is_text = bool(literals) and isinstance(literals[0], str)
            whole.kinds["str" if is_text else "list"] += 1

    def arithmetic(self, node: ast.BinOp) -> None:
        kinds = {type(v).__name__ for side in (node.left, node.right) for v in constants_in(side)}
        is_text = "str" in kinds or isinstance(node.left, ast.JoinedStr)
        match node.op:
            case ast.Mod() if is_text:
                return
            case ast.Add() | ast.Mult() if is_text:
                kind = "str" if isinstance(node.op, ast.Add) else "int"
            case ast.Add() | ast.Mult() if not kinds:
                kind = "number" if isinstance(node.op, ast.Mult) else ""
            case ast.Mod() | ast.FloorDiv() | ast.LShift() | ast.RShift() | ast.BitAnd():
                kind = "int"
            case _:
                kind = "number"
        for side in (node.left, node.right):
            self.mark(side, kind)

    def call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id="isinstance") if len(node.args) == 2:
                self._is_instance(*node.args)
            case ast.Name(id=name) if name in self.helpers and self.left:
                self._helper(self.helpers[name], node)
            case ast.Name(id="min" | "max") if len(node.args) > 1:
                for arg in node.args:
                    self.mark(arg, "number")
            case ast.Name(id=name) if name in _BUILTINS:
                for arg in node.args[-1:] if name in ("map", "filter") else node.args:
                    self.mark(arg, _BUILTINS[name])
            case ast.Name(id="int" | "float"):
                for arg in node.args:
                    self.mark(arg, "number")
            case ast.Attribute(value=ast.Name(id="math"), attr=name):
                for arg in node.args:
                    self.mark(arg, "int" if name in ("gcd", "comb", "factorial") else "number")
            case ast.Attribute(value=ast.Name(id="re")):
                self.mark(node.args[1] if len(node.args) > 1 else node, "str")
            case ast.Attribute(value=value, attr=method):
                self._method(value, method, node)

    def _is_instance(self, what: ast.expr, types: ast.expr) -> None:
        for one in types.elts if isinstance(types, ast.Tuple) else [types]:
            name = one.id if isinstance(one, ast.Name) else getattr(one, "attr", "")
            if name in _KINDS_OF_TYPES:
                self.mark(what, _KINDS_OF_TYPES[name] or name)

    def _method(self, value: ast.expr, method: str, node: ast.Call) -> None:
        self.mark(value, _METHODS.get(method, ""))
        part = self.part(value)
        if method in ("startswith", "endswith", "count") and part is not None:
            part.values += [v for v in map(_as_text, constants_in(*node.args)) if v]
        if method == "join" and node.args and (joined := self.part(node.args[0])) is not None:
            joined.kinds["list"] += 1
            joined.inner().kinds["str"] += 1
        if method == "get" and node.args and (key := self.part(node.args[0])) is not None:
            key.meets(table_values(value, self.tables))

    def subscript(self, node: ast.Subscript) -> None:
        is_value = isinstance(node.slice, ast.Constant | ast.Slice)
        key = None if is_value else self.part(node.slice)
        if key is not None:
            values = table_values(node.value, self.tables)
            key.meets(values)
            key.kinds["int"] += not values and self.part(node.value) is not None
        part = self.part(node.value)
        if part is not None and not isinstance(node.slice, ast.Constant):
            part.kinds["sized"] += 1
        elif part is not None and isinstance(node.slice, ast.Constant):
            part.kinds["list"] += isinstance(node.slice.value, int)
            self._key(part, node.slice.value)

    def match(self, subject: ast.expr, cases: list[ast.match_case]) -> None:
        part = self.part(subject)
        for case in cases if part is not None else ():
            for node in ast.walk(case.pattern):
                if isinstance(node, ast.MatchValue) and part is not None:
                    part.meets(constants_in(node.value))

    def _helper(self, helper: ast.FunctionDef, node: ast.Call) -> None:
        """What a helper of the same module does with it."""
        inside = _Reading(self.tables, self.helpers, self.left - 1).parts(helper)
        names = [arg.arg for arg in (*helper.args.posonlyargs, *helper.args.args)]
        pairs = [*zip(names, node.args, strict=False)]
        pairs += [(k.arg, k.value) for k in node.keywords if k.arg]
        for name, arg in pairs:
            part, other = self.part(arg), inside.get(name)
            if part is None or other is None:
                continue
            part.kinds.update(other.kinds)
            part.keys.update({k: v for k, v in other.keys.items() if k not in part.keys})
            part.item, part.values = part.item or other.item, [*part.values, *other.values]


def _as_text(value: object) -> str:
    """A value that begins or ends with a text: the text and a word."""
    return value if isinstance(value, str) else ""
