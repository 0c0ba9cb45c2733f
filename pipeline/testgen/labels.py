"""What a test shows, in a few words: `an empty list`, `repeated items`, `a negative number`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.syntax.literals import literal
from pipeline.testgen.cases import Case


def labelled(cases: Sequence[Case]) -> tuple[str, ...]:
    """One label per case, no two the same."""
    taken: set[str] = set()
    labels = []
    for case in cases:
        labels.append(next(label for label in _numbered(case) if label not in taken))
        taken.add(labels[-1])
    return tuple(labels)


def _numbered(case: Case) -> Iterator[str]:
    ideas = tuple(dict.fromkeys(_ideas(case)))
    yield from ideas
    last = ideas[-1]
    result = _result(case)
    if result and last != result:
        yield from (f"{idea}, {result}" for idea in ideas)
    n = 2
    while True:
        yield f"{last}, again" if n == 2 else f"{last}, {n}"
        n += 1


def _ideas(case: Case) -> Iterator[str]:
    """The most telling first."""
    args = [*case.call.args, *case.call.kwargs.values()]
    if case.raised:
        yield f"raises {case.raised.rpartition('.')[2]}"
    for name, value in case.call.kwargs.items():
        yield f"{name} is {value!r}" if len(repr(value)) < 12 else f"with {name}"
    if len(args) >= 2 and args[0] == args[1] and type(args[0]) is type(args[1]):
        yield "equal arguments"
    for arg in args:
        yield from _of_value(arg)
    if _result(case):
        yield _result(case)
    for arg in args:
        yield from _of_size(arg)
    if not args:
        yield "no arguments"
    yield "plain values"


def _result(case: Case) -> str:
    if case.raised:
        return ""
    value = literal(case.got.strip())
    if value is None or case.lines[-1].endswith(case.got.strip()):
        return ""
    match value.value:
        case bool() | None:
            return f"gives {value.value}"
        case "" | [] | () | {}:
            return f"gives an empty {type(value.value).__name__}"
        case 0 | 1 | -1:
            return f"gives {value.value}"
    return ""


def _of_value(value: object) -> Iterator[str]:
    match value:
        case None:
            yield "None"
        case bool():
            yield str(value)
        case int() | float():
            yield from _of_number(value)
        case str():
            yield from _of_text(value)
        case list() | tuple():
            yield from _of_items(list(value), type(value).__name__)
        case dict() | set():
            yield from _of_collection(value)


def _of_number(value: float) -> Iterator[str]:
    if value == 0:
        yield "zero"
    elif value == 1:
        yield "one"
    elif value < 0:
        yield "a negative number"
    elif value >= 100:
        yield "a large number"
    if value != int(value):
        yield "a fraction"


def _of_text(value: str) -> Iterator[str]:
    if not value:
        yield "an empty string"
        return
    if value.isspace():
        yield "only spaces"
    elif len(value) == 1:
        yield "a single character"
    elif len(set(value)) == 1:
        yield "one character repeated"
    elif value == value[::-1]:
        yield "a palindrome"
    if value != value.strip():
        yield "spaces at an end"
    if value.isupper() and len(value) > 1:
        yield "upper case"
    elif value != value.lower():
        yield "mixed case"
    if value.isdigit() and len(value) > 1:
        yield "only digits"
    elif re.search(r"\d", value):
        yield "digits in the text"
    if "  " in value.strip():
        yield "two spaces in a row"
    elif " " in value.strip():
        yield "several words"


def _of_items(value: list[object], kind: str) -> Iterator[str]:
    if not value:
        yield f"an empty {kind}"
        return
    if len(value) == 1:
        yield f"a {kind} of one item"
    elif all(item == value[0] for item in value):
        yield "all items equal"
    elif len({repr(item) for item in value}) < len(value):
        yield "repeated items"
    numbers = [item for item in value if isinstance(item, int | float)]
    if len(numbers) == len(value) > 1:
        if any(n < 0 for n in numbers):
            yield "negative items"
        if numbers == sorted(numbers):
            yield "ascending items"
        elif numbers == sorted(numbers, reverse=True):
            yield "descending items"
        else:
            yield "items out of order"
        if 0 in numbers:
            yield "a zero among the items"
    if any(item in ("", [], {}) for item in value):
        yield "an empty item"


def _of_collection(value: dict[object, object] | set[object]) -> Iterator[str]:
    kind = type(value).__name__
    if not value:
        yield f"an empty {kind}"
    elif len(value) == 1:
        yield f"a {kind} of one item"


_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _of_size(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple | dict | set) and len(value) > 1:
        n = _COUNTS[len(value)] if len(value) < len(_COUNTS) else str(len(value))
        yield f"{n} items"
    elif isinstance(value, str) and value:
        yield f"{len(value)} characters" if len(value) > 1 else "a letter"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield (
            "an even number" if value % 2 == 0 else "an odd number" if value % 2 == 1 else "a size"
        )
