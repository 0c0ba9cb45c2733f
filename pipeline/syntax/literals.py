"""Literals as people write them."""

from __future__ import annotations

from pipeline.syntax.text import Literal, literal_of

MAX_TEXT_CHARS = 20_000
_WORDS = {
    "True": True,
    "False": False,
    "None": None,
    "true": True,
    "false": False,
    "null": None,
    "none": None,
}


def literal(text: str) -> Literal | None:
    """A Python literal that is all of `text`; None for anything else, for `...` and for `("a")`."""
    stripped = text.strip()
    if not stripped or len(stripped) > MAX_TEXT_CHARS:
        return None
    if stripped in _WORDS:
        return Literal(_WORDS[stripped])
    found = literal_of(stripped)
    if found is None or (stripped.startswith("(") and not isinstance(found.value, tuple)):
        return None
    return None if has_ellipsis(found.value) else found


def has_ellipsis(value: object) -> bool:
    if isinstance(value, dict):
        return any(has_ellipsis(x) for pair in value.items() for x in pair)
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(has_ellipsis(x) for x in value)
    return value is ...
