"""Small edits of a function, each a replacement of one stretch of its text; its style survives."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.edits.bug_kinds import WEIGHTS
from pipeline.edits.expressions import expression_edits
from pipeline.edits.finder import Edit, Finder
from pipeline.edits.scope import Function, Scopes
from pipeline.edits.statements import statement_edits
from pipeline.syntax.text import parse

__all__ = ["Edit", "Hints", "apart", "apply_all", "edits_of"]

MOST_OF_A_KIND = 400
CROWD = 0.75
"""The weight of a kind is shared by its n edits as n ** -CROWD: below 1, many add up to more."""
USES_UNUSED = 5.0
"""How much likelier an edit is that reads a variable nothing else reads."""
IN_PROSE = 2.5
"""How much likelier an edit is that calls what the docstring speaks of: `isupper`, `max`."""
SPOKEN_OF = {
    "abs": ("absolute", "magnitude", "difference"),
    "len": ("length", "number of", "count"),
    "lower": ("lower", "lowercase", "case"),
    "islower": ("lower", "lowercase"),
    "isupper": ("upper", "uppercase", "capital"),
    "upper": ("upper", "uppercase"),
    "isdigit": ("digit", "digits", "numbers"),
    "isalpha": ("letter", "letters", "alphabet", "alphabetical"),
    "sorted": ("sorted", "sort", "order", "ascending", "descending"),
    "reverse": ("reverse", "reversed", "descending", "decreasing", "backwards"),
    "reversed": ("reverse", "reversed", "backwards"),
    "max": ("max", "maximum", "largest", "biggest", "highest", "longest", "greatest"),
    "min": ("min", "minimum", "smallest", "lowest", "shortest", "least"),
    "sum": ("sum", "total", "add"),
    "set": ("unique", "distinct", "duplicates", "different"),
    "round": ("round", "rounded", "nearest"),
    "ceil": ("ceil", "ceiling", "up"),
    "floor": ("floor", "down"),
    "swapcase": ("swap", "flip", "case"),
    "count": ("count", "times", "occurrences"),
    "any": ("any",),
    "all": ("all", "every"),
}
"""What the names of built-in functions and methods are called in prose."""
PARITY = frozenset(("even", "odd", "parity", "alternate", "alternating", "evenly", "divisible"))
_HALVES = re.compile(r"%\s*2\b|&\s*1\b")


@dataclass(frozen=True, kw_only=True)
class Hints:
    """What the task says beside the code."""

    returns: tuple[str, ...] = ()
    """Source texts of values that the function should return somewhere."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Parameter -> kind of its values in the examples (see `scope`)."""
    constants: tuple[str, ...] = ()
    """Source texts of numbers and short strings that the docstring or the examples name."""
    words: frozenset[str] = frozenset()
    """Lower-case words of the docstring's prose."""


def edits_of(text: str, hints: Hints | None = None) -> tuple[Edit, ...]:
    """Every single edit of `text` (a dedented function, or a whole program), the likeliest first.

    () when the text does not parse.
    """
    tree = parse(text)
    if tree is None:
        return ()
    hints = hints or Hints()
    functions = [n for n in tree.body if isinstance(n, Function)]
    root = functions[-1] if len(tree.body) == 1 and functions else tree
    scopes = Scopes(root, hints.kinds)
    finder = Finder(
        text=text,
        scopes=scopes,
        returns=hints.returns,
        constants=hints.constants,
        speaks_of_parity=bool(PARITY & hints.words) or _HALVES.search(text) is not None,
    )
    body = root.body[1:] if ast.get_docstring(root, clean=False) else root.body
    for statement in body:
        expression_edits(finder, statement)
    if isinstance(root, Function):
        for default in (*root.args.defaults, *filter(None, root.args.kw_defaults)):
            expression_edits(finder, default)
    statement_edits(finder, root, body)
    return _weighed(finder.found, scopes.unused, hints.words)


def apply_all(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits that are `apart`."""
    for edit in sorted(edits, key=lambda e: (e.start, e.end), reverse=True):
        text = edit.applied(text)
    return text


def apart(one: Edit, other: Edit) -> bool:
    """Whether both edits can be applied together."""
    return one.end <= other.start or other.end <= one.start


def _weighed(
    found: Sequence[Edit], unused: frozenset[str], words: frozenset[str]
) -> tuple[Edit, ...]:
    """One edit per new text, with its share of its kind's weight as its prior."""
    unique: dict[tuple[int, int, str], Edit] = {}
    for edit in found:
        key = (edit.start, edit.end, edit.new)
        if key not in unique or unique[key].prior < edit.prior:
            unique[key] = edit
    by_kind: defaultdict[str, list[Edit]] = defaultdict(list)
    for edit in unique.values():
        by_kind[edit.kind].append(edit)
    shared = [edit for kind, group in by_kind.items() for edit in _shared(kind, group)]
    spoken = frozenset(name for name, said in SPOKEN_OF.items() if words.intersection(said))
    shared = [replace(e, prior=e.prior * _boost(e, unused, spoken)) for e in shared]
    return tuple(sorted(shared, key=lambda e: -e.prior))


def _boost(edit: Edit, unused: frozenset[str], spoken: frozenset[str]) -> float:
    """For reading what nothing reads, and for calling what the prose speaks of."""
    return (USES_UNUSED if edit.names & unused else 1.0) * (
        IN_PROSE if edit.names & spoken else 1.0
    )


def _shared(kind: str, group: Sequence[Edit]) -> list[Edit]:
    best = sorted(group, key=lambda e: -e.prior)[:MOST_OF_A_KIND]
    total = sum(e.prior for e in best)
    scale = WEIGHTS[kind] * total**-CROWD
    return [replace(e, prior=scale * e.prior) for e in best]
