"""What a test shows, in a few words: `below low`, `empty text`, `rejects negative n`, `for 7`.

Of what can be said of a call the first is taken that holds for few of the other calls.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pipeline.inputs.target import Target, last_name
from pipeline.syntax.literals import literal
from pipeline.syntax.text import literal_of, parse
from pipeline.testgen.cases import Case

LONGEST_NAMED = 16
"""Characters of a value that names a test."""
SHARED = 4
"""Ideas that an idea is put behind for each other call that it holds for too."""
Number = int | float


def labelled(
    cases: Sequence[Case], target: Target, code: str, texts: Collection[str] = ()
) -> tuple[str, ...]:
    """One label per case, no two the same; `texts` are those of the tables that it reads."""
    about = _About.of(target, code, texts)
    ideas = [tuple(dict.fromkeys(about.ideas(case))) for case in cases]
    often = Counter(
        (bool(case.raised), idea) for case, one in zip(cases, ideas, strict=True) for idea in one
    )
    taken: set[str] = set()
    labels = []
    for case, found in zip(cases, ideas, strict=True):
        shown = [_rejecting(case, idea) for idea in found]
        order = sorted(
            (SHARED * (often[True, idea] * bool(case.raised) + often[False, idea] - 1) + at, label)
            for at, (idea, label) in enumerate(zip(found, shown, strict=True))
            if label not in taken
        )
        label = order[0][1] if order else _numbered(shown[-1], taken)
        taken.add(label)
        labels.append(label)
    return tuple(labels)


def _numbered(idea: str, taken: set[str]) -> str:
    numbers = (f"{idea}, {n}" for n in itertools.count(2))
    return next(label for label in numbers if label not in taken)


def _rejecting(case: Case, label: str) -> str:
    if not case.raised or label.startswith("raises "):
        return label
    return f"rejects {label.removeprefix('for ')}"


@dataclass(frozen=True, kw_only=True)
class _About:
    """What the names and the code of the function have to say."""

    target: Target
    compared: frozenset[frozenset[str]]
    """Names of parameters that the code compares with each other, in pairs."""
    bounds: dict[str, tuple[Number, ...]]
    """Numbers that a parameter is compared with."""
    texts: frozenset[str]
    """Strings in the code."""
    has_parity: bool
    has_order: bool
    """It sorts, or turns something round."""

    @classmethod
    def of(cls, target: Target, code: str, texts: Collection[str]) -> _About:
        tree = parse(code) or ast.Module(body=[], type_ignores=[])
        nodes = [*ast.walk(tree)]
        own = {param.name for param in target.given}
        strings = [n.value for n in nodes if isinstance(n, ast.Constant)]
        called = {last_name(n) for n in nodes if isinstance(n, ast.Call)}
        return cls(
            target=target,
            compared=frozenset(pair for node in nodes for pair in _pairs(node, own)),
            bounds=_bounds(nodes, own),
            texts=frozenset({*texts, *(s for s in strings if isinstance(s, str))}),
            has_parity=bool(re.search(r"% 2\b", code)),
            has_order=bool(called & {"sorted", "sort", "reversed", "bisect"}) or "[::-1]" in code,
        )

    def ideas(self, case: Case) -> Iterator[str]:
        """The most telling first."""
        named = self._named(case)
        yield from self._relations(named)
        yield from self._keywords(case)
        for name, value in named.items():
            yield from self._known(name, value)
        for name, value in named.items():
            yield from self._of_value(self._word(name, named), value)
        yield from _result(case, named)
        for name, value in named.items():
            yield from self._rarer(self._word(name, named), value)
        if case.raised:
            yield f"raises {case.raised.rpartition('.')[2]}"
        if not named:
            yield "no arguments"
        yield from _by_value(named)
        yield "typical"

    def _named(self, case: Case) -> dict[str, object]:
        """The arguments by the names of their parameters; those of a star by its name too."""
        names = [param.name for param in self.target.given]
        args = case.call.args
        given = dict(zip(names, args, strict=False))
        if len(args) > len(names) and names:
            given[names[-1]] = list(args[len(names) - 1 :])
        return given

    def _word(self, name: str, named: dict[str, object]) -> str:
        """The name where there are several; one letter says nothing."""
        return name.strip("_") if len(named) > 1 or len(name) > 2 else ""

    def _relations(self, named: dict[str, object]) -> Iterator[str]:
        """`below low`, `low above high`, `between low and high`."""
        numbers = {n: v for n, v in named.items() if type(v) in (int, float)}
        first = next(iter(named), "")
        bounds = {}
        for one, other in itertools.combinations(numbers, 2):
            if frozenset((one, other)) not in self.compared:
                continue
            a, b = float(str(numbers[one])), float(str(numbers[other]))
            word = "below" if a < b else "above" if a > b else "equal to"
            subject = "" if one == first else f"{one} "
            bounds[one, other] = word
            yield f"{subject}{'at' if word == 'equal to' and not subject else word} {other}"
        above = [b for (a, b), word in bounds.items() if a == first and word == "above"]
        below = [b for (a, b), word in bounds.items() if a == first and word == "below"]
        if above and below:
            yield f"between {above[0]} and {below[0]}"

    def _keywords(self, case: Case) -> Iterator[str]:
        for name, value in case.call.kwargs.items():
            word = name.strip("_").replace("_", " ").removeprefix("with ")
            if isinstance(value, bool):
                yield f"with {word}" if value else f"without {word}"
            else:
                text = _short(value)
                yield f"{word} {text}" if text else f"with {word}"

    def _known(self, name: str, value: object) -> Iterator[str]:
        """Values that the code itself names."""
        if isinstance(value, str) and value in self.texts and re.fullmatch(r"\w[\w ]*", value):
            yield value
        if type(value) in (int, float):
            for bound in self.bounds.get(name, ()):
                number = float(str(value))
                word = "at" if number == bound else "below" if number < bound else "above"
                yield f"{word} {bound}"
        if isinstance(value, dict):
            yield from self._record(value)
        if isinstance(value, list):
            for item in value:
                yield from self._record(item) if isinstance(item, dict) else ()

    def _record(self, value: dict[object, object]) -> Iterator[str]:
        for key, item in value.items():
            if isinstance(item, str) and item in self.texts and item.isidentifier():
                yield f"{key} {item}"
            elif isinstance(item, list) and isinstance(key, str) and key in self.texts:
                yield from _of_items(item, key) if len(item) < 2 else ()
                for one in item:
                    yield from self._record(one) if isinstance(one, dict) else ()

    def _of_value(self, word: str, value: object) -> Iterator[str]:
        match value:
            case None:
                yield f"no {word}" if word else "None"
            case bool():
                yield f"{'' if value else 'not '}{word or 'set'}"
            case int() | float():
                yield from (_joined(idea, word) for idea in self._of_number(value))
            case str() | bytes():
                yield from (_joined(idea, word) for idea in _of_text(value))
            case list() | tuple() | set() | frozenset() | dict():
                yield from _of_items(value, word)

    def _of_number(self, value: Number) -> Iterator[str]:
        if value == 0:
            yield "zero"
        elif value < 0:
            yield "negative"
        elif value == 1:
            yield "one"
        if self.has_parity and value == int(value):
            yield "odd" if value % 2 else "even"

    def _rarer(self, word: str, value: object) -> Iterator[str]:
        if type(value) in (int, float):
            number = float(str(value))
            if number >= 100:
                yield _joined("large", word)
            if number != int(number):
                yield _joined("fractional", word) if word else "fraction"
        if isinstance(value, str) and self.has_order and len(value) > 1 and value == value[::-1]:
            yield "palindrome"
        if isinstance(value, list | tuple) and len(value) > 1:
            items = [item for item in value if type(item) in (int, float)]
            if len(items) == len(value) and any(item < 0 for item in items):
                yield _joined("negative", word or "items")
            if len(items) == len(value) and self.has_order:
                yield _order(items)
        if isinstance(value, list | tuple) and any(item in ("", [], {}) for item in value):
            yield "empty item"


def _pairs(node: ast.AST, own: set[str]) -> Iterator[frozenset[str]]:
    is_choice = isinstance(node, ast.Call) and last_name(node) in ("min", "max")
    if isinstance(node, ast.Compare) or is_choice:
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & own
        yield from map(frozenset, itertools.combinations(sorted(names), 2))


def _bounds(nodes: Sequence[ast.AST], own: set[str]) -> dict[str, tuple[Number, ...]]:
    found: dict[str, list[Number]] = {}
    for node in nodes:
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name):
            values = [literal_of(one) for one in node.comparators]
            numbers = [v.value for v in values if v and type(v.value) in (int, float)]
            if node.left.id in own:
                found.setdefault(node.left.id, []).extend(n for n in numbers if n not in (0, 1))  # type: ignore[misc]
    return {name: tuple(dict.fromkeys(numbers)) for name, numbers in found.items()}


def _joined(idea: str, word: str) -> str:
    return f"{idea} {word}" if word else idea.removesuffix(" in")


def _of_text(value: str | bytes) -> Iterator[str]:
    text = value if isinstance(value, str) else value.decode("latin-1")
    if not text:
        yield "empty"
    elif text.isspace():
        yield "blank"
    elif text != text.strip():
        yield "padded"
    elif len(text) == 1 and text.isalpha():
        yield "single letter"
    elif len(text.split()) > 1:
        yield f"{_COUNTS.get(len(text.split()), 'several')} words in"
    elif text.isdigit():
        yield "numeric"
    elif not text.isascii():
        yield "accented" if any(char.isalpha() for char in text) else "foreign"
    elif sign := next((_SIGNS[char] for char in text if char in _SIGNS), ""):
        yield f"{sign} in"
    elif text.isupper():
        yield "upper case"
    elif text != text.lower():
        yield "mixed case"


_SIGNS = {
    **{"%": "percent sign", "&": "ampersand", "/": "slash", "\\": "backslash", "@": "at sign"},
    **{"_": "underscore", "-": "hyphen", ".": "dot", ",": "comma", ":": "colon", ";": "semicolon"},
    **{"=": "equals sign", "+": "plus", "#": "hash", "?": "question mark", "!": "exclamation mark"},
    **{"'": "quote", '"': "double quote", "$": "dollar", "*": "star", "|": "bar", "<": "angle"},
}
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}


def _of_items(value: object, word: str) -> Iterator[str]:
    assert isinstance(value, list | tuple | set | frozenset | dict)
    kind = word or ("dict" if isinstance(value, dict) else "items")
    one = kind.removesuffix("s") if kind.endswith("s") and not kind.endswith("ss") else "item"
    if not value:
        yield f"no {kind}" if kind.endswith("s") else f"empty {kind}"
    elif isinstance(value, dict):
        yield "one key" if len(value) == 1 else f"{_COUNTS.get(len(value), 'many')} keys"
    elif len(value) == 1:
        yield f"one {one}"
    elif len({repr(item) for item in value}) == 1:
        yield f"equal {kind if kind.endswith('s') else 'items'}"
    elif len({repr(item) for item in value}) < len(value):
        yield f"repeated {one}"
    else:
        yield f"{_COUNTS.get(len(value), 'many')} {kind if kind.endswith('s') else 'items'}"


def _order(items: Sequence[Number]) -> str:
    if list(items) == sorted(items):
        return "in order"
    return "in reverse order" if list(items) == sorted(items, reverse=True) else "out of order"


def _result(case: Case, named: dict[str, object]) -> Iterator[str]:
    value = None if case.raised else literal(case.got.strip())
    if value is None or case.lines[-1].endswith(case.got.strip()):
        return
    first = next(iter(named.values()), None)
    if isinstance(first, str | list) and first and first == value.value:
        yield "unchanged"
    match value.value:
        case bool():
            text = _short(first)
            yield f"{str(value.value).lower()} for {text}" if text else str(value.value).lower()
        case None:
            yield "gives None"
        case "" | [] | () | {}:
            yield f"gives empty {type(value.value).__name__}"


def _by_value(named: dict[str, object]) -> Iterator[str]:
    """`for 7`, `for 5 and 2`, `for abc`."""
    texts = [_short(value) for value in named.values()]
    if texts and all(texts) and len(texts) <= 3:
        yield f"for {' and '.join(texts)}"


def _short(value: object) -> str:
    """A value in a name; empty text where it is none, or too long."""
    text = value if isinstance(value, str) else repr(value)
    is_plain = isinstance(value, str | int | float) or value is None
    if not is_plain or len(text) > LONGEST_NAMED or not re.search(r"\w", text):
        return ""
    return text.replace("-", "minus ") if not isinstance(value, str) else text
