"""Rename variables in a function without touching anything else: attributes, strings, comments,
layout.
"""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst


def renamed(code: str, names: Mapping[str, str]) -> str:
    """`code` (one function) with the names replaced wherever they are that function's variables
    or itself.

    Attributes, keyword names of foreign calls, and inner scopes that bind the name anew stay as
    they are.
    Text that libcst cannot parse comes back unchanged.
    """
    try:
        module = cst.parse_module(code)
    except (cst.ParserSyntaxError, RecursionError):
        return code
    return module.visit(_Renamer(names)).code


class _Renamer(cst.CSTTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self.names = names
        self.shadows: list[frozenset[str]] = []
        self.function = ""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        first = not self.shadows
        self.function = node.name.value if first else self.function
        self.shadows.append(frozenset() if first else self._of(node.params))

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self.shadows.pop()
        return updated_node

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self.shadows.append(self._of(node.params))

    def leave_Lambda(self, original_node: cst.Lambda, updated_node: cst.Lambda) -> cst.Lambda:
        self.shadows.pop()
        return updated_node

    def visit_Attribute_attr(self, node: cst.Attribute) -> None:
        self.shadows.append(frozenset(self.names))

    def leave_Attribute_attr(self, node: cst.Attribute) -> None:
        self.shadows.pop()

    def visit_Arg_keyword(self, node: cst.Arg) -> None:
        self.shadows.append(frozenset(self.names))

    def leave_Arg_keyword(self, node: cst.Arg) -> None:
        self.shadows.pop()

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        """A call of itself passes its own parameters by name."""
        func = original_node.func
        if not isinstance(func, cst.Name) or func.value != self.function:
            return updated_node
        args = [
            arg.with_changes(keyword=self._new(arg.keyword)) if arg.keyword else arg
            for arg in updated_node.args
        ]
        return updated_node.with_changes(args=args)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        if any(original_node.value in shadow for shadow in self.shadows):
            return updated_node
        return self._new(updated_node)

    def _new(self, name: cst.Name) -> cst.Name:
        return name.with_changes(value=self.names.get(name.value, name.value))

    def _of(self, params: cst.Parameters) -> frozenset[str]:
        every = [*params.posonly_params, *params.params, *params.kwonly_params]
        stars = [s for s in (params.star_arg, params.star_kwarg) if isinstance(s, cst.Param)]
        return frozenset(p.name.value for p in [*every, *stars])
