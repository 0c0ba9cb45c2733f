"""A function family of the corpus: one idea, with its names, wordings, constants and body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class FamilyParam:
    names: tuple[str, ...]
    """Names it may have in the signature, all natural for this function."""
    kind: str
    """Key of a value generator in `values` (`ints`, `words`, `word`, `int`, ...)."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """Texts are `string.Template`s: `$a`, `$b`, ... the parameters in order, `$k`, ... constants.

    The body is indented by nothing and ends in a `return`. The generator itself runs it (it is our
    own code) to compute the doctest values, so it must be right for every value that the kinds and
    constants can give.
    """

    key: str
    names: tuple[str, ...]
    """Function names (templates: `multiples_of_$k` is fine); at least four."""
    params: tuple[FamilyParam, ...]
    wordings: tuple[str, ...]
    """Docstring first sentences (templates); at least six, really different from each other."""
    body: str
    idea: str
    """One short imperative clause (template) that says how: becomes the thought and the plan."""
    consts: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    """Constant name -> the values it may take (ints, or strings, substituted as they are)."""
    wrong: tuple[str, ...] = ()
    """Plausible wrong bodies (templates), for repair prompts; others are made by mutation."""


def params(*pairs: tuple[str, str]) -> tuple[FamilyParam, ...]:
    """`params(("xs|values|items", "ints"), ("n|limit", "int"))`."""
    return tuple(FamilyParam(names=tuple(names.split("|")), kind=kind) for names, kind in pairs)
