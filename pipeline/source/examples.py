"""Examples that people write in docstrings and statements, read as calls with a known result.

Only literals are read, nothing is evaluated, and what is not clearly an example is left out,
never guessed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pipeline.core.calls import VisibleTest
from pipeline.syntax.literals import MAX_TEXT_CHARS, has_ellipsis, literal
from pipeline.syntax.text import Literal, literal_arguments, parse
from sandbox.api import Call, Limits, Policy, Returns, Test

MAX_LITERAL_CHARS = 2_000
MAX_PREFIX_CHARS = 160
MAX_MATCHES = 200
"""How many places that look like an example are read, so that no text takes long."""
MAX_EXAMPLES = 64

_ARROW = r"={1,2}>|-{1,2}>|➞|→|⇒|↦|⟹|===?"
_VERB = (
    r"(?:should |must |will |would )?(?:returns?|give[s]?|yields?|outputs?|equals?|evaluates? to)"
    r"|(?:should|must|will|would) be|is"
)
_AFTER_CALL = re.compile(
    rf"\s{{0,80}}`{{0,2}}\s{{0,9}}(?:(?:#|//)\s{{0,9}})?(?:(?P<arrow>{_ARROW})|(?:{_VERB})\b:?|=|:)"
    r"[ \t]*`{0,2}"
)
_AFTER_CALL_COMMENT = re.compile(r"[ \t]*#[ \t]*")
_WORD = re.compile(r"(?:True|False|None|true|false|null|none)\b")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w])")
_STRING = re.compile(r"(?:[rRbB]{0,2})(?=[\"'])")
_CHAIN = re.compile(r"(?P<sum>[-+*/()\d\s.]+)=\s*(?P<result>-?\d+(?:\.\d+)?)\s*(?:$|\n)")
_SAFE_TAIL = re.compile(
    r"[ \t`]*(?:$|\n|#|//|\(|[.;!](?:\s|$)|,(?:\s*$|\s*\n|\s+[A-Za-z])"
    r"|\b(?:because|since|as|and)\b|--|–|—)"
)
_BAD_TAIL = re.compile(
    r"\b(?:but|instead|wrong|wrongly|incorrect|incorrectly|bug|buggy|actual|actually|broken|fails?)\b|!=",
    re.IGNORECASE,
)
_SAFE_PREFIX = re.compile(
    r"(?>[\s*•\-–·`>|,;.]++|\d++[.)]|\([a-z0-9]\)|\b(?:e\.g|i\.e)\.|[A-Za-z][A-Za-z ]{0,40}+\d*+:"
    r"|\b(?:for|assert|ex|eg|then|so|and|call|calling|thus|hence|here"
    r"|examples?\s*\d*)\b)*+",
    re.IGNORECASE,
)
"""Bullets, labels and words before an example; atomic, so that no text takes long."""
_BAD_PREFIX = re.compile(
    r"\b(?:if|when|unless|wrong|wrongly|incorrect|incorrectly|bug|buggy|bad|not|never|before|currently|instead)\b",
    re.IGNORECASE,
)
_ASSIGN = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*(?:=|:)(?![=>])\s*")
_GIVEN = re.compile(
    r"(?:\b(?:for|if|given|when|with)\s+|^[ \t*\-•]*)(?=[A-Za-z_]\w{0,80}\s{0,9}=(?![=>]))",
    re.I | re.M,
)
_MORE = re.compile(
    r"[ \t]*(?:[-+*/%|&<>]|(?:,|;|\band\b|\s)+(?!(?:result|output)\b)[A-Za-z_]\w*\s*=)"
)
"""The last value goes on, or another name is given that is no parameter."""
_RESULT = re.compile(
    r"(?:the\s+)?(?:output|result|answer|return value|returned value|function)\s+"
    r"(?:should|must|will|would)\s+(?:be|return|equal)\s*:?\s*"
    r"|(?:it\s+)?(?:should|must|will|would)\s+return\s*:?\s*"
    r"|(?:the\s+)?(?:output|result|answer)\s+is\s*:?\s*",
    re.IGNORECASE,
)
_NEAR_RESULT = re.compile(
    rf"[ \t]*,?[ \t]*(?:(?:{_ARROW})|returns?|(?:result|output|answer)\s*[=:])\s*", re.I
)
_IO = re.compile(
    r"^[ \t*\-•]*(?:sample\s+|example\s+)?inputs?(?:\s*\d+)?\s*:[ \t]*(?P<input>.{0,2000}?)"
    r"^[ \t*\-•]*(?:sample\s+|example\s+)?(?:expected\s+)?outputs?(?:\s*\d+)?\s*:[ \t]*",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A call with literal arguments and the literal that it should give."""

    args: tuple[object, ...]
    kwargs: dict[str, object] = field(default_factory=dict)
    value: object
    origin: str
    """`docstring:call`, `docstring:for`, `docstring:input-output`, `doctest:claim`."""
    line: int
    """0-based line in the text it was read from."""
    text: str


def examples_of(text: str, name: str, params: Sequence[str]) -> tuple[Example, ...]:
    """Examples of the function `name(params)` in a docstring or statement, in order,
    without doctest blocks.

    `name` is `f`, or `Stack.push` for `Stack().push(1)`; `params` without `self`.
    Contradicting examples (one call, two results) are all left out.
    """
    if len(text) > MAX_TEXT_CHARS:
        return ()
    plain = _without_doctests(text)
    found: list[Example] = [*_calls(plain, name, "docstring:call")]
    if "." not in name:
        found += [*_given(plain, params), *_input_output(plain, params)]
    fitting = [e for e in found if _fits(e, params)]
    return tuple(_without_contradictions(sorted(fitting, key=lambda e: e.line)))[:MAX_EXAMPLES]


def claim(source: str, name: str, *, origin: str) -> Example | None:
    """The one claim that `source` makes from its first to its last character: `f(1) == 2`;
    else None.
    """
    for example in _calls(source, name, origin):
        if (
            source.startswith(example.text.partition("(")[0])
            and source.endswith(example.text[-1])
            and len(example.text) == len(source)
        ):
            return example
    return None


def visible_example(
    example: Example, entry_point: str, *, line: int, limits: Limits | None = None
) -> VisibleTest:
    """As a test; `line` is the 1-based file line. Floats are compared with a tolerance,
    as people write them.
    """
    number = "." in repr(example.value) or "e-" in repr(example.value)
    return VisibleTest(
        test=Test(
            test_id=f"{example.origin}:{entry_point}:{line}",
            form=Call(entry=entry_point, args=example.args, kwargs=example.kwargs),
            expect=Returns(value=example.value, policy=Policy.FLOAT if number else Policy.PYTHON),
            limits=limits or Limits(),
        ),
        text=example.text,
        origin=f"{example.origin} line {line}",
    )


def _without_doctests(text: str) -> str:
    """Blank out doctest blocks, keeping the lines."""
    out: list[str] = []
    inside = False
    for line in text.split("\n"):
        stripped = line.strip()
        inside = stripped.startswith(">>>") or (inside and bool(stripped))
        out.append("" if inside else line)
    return "\n".join(out)


# --- f(x) == y ---------------------------------------------------------------------------------


def _calls(text: str, name: str, origin: str) -> Iterator[Example]:
    if _defines(text, name):
        return
    for match in islice(re.finditer(_call_pattern(name), text), MAX_MATCHES):
        end = _closing(text, match.end() - 1)
        if end is None or not _prefix_is_safe(text, match.start()):
            continue
        call = _read_args(text[match.end() : end - 1])
        value = _value_after(text, end)
        if call is None or value is None:
            continue
        yield Example(
            args=call[0],
            kwargs=call[1],
            value=value[0].value,
            origin=origin,
            line=text.count("\n", 0, match.start()),
            text=text[match.start() : value[1]],
        )


def _defines(text: str, name: str) -> bool:
    """`f(n) = f(n - 1) + 1` is mathematics; `f(1) = 3` beside it need not be what the function
    returns.
    """
    return bool(re.search(rf"{_call_pattern(name)}[A-Za-z]\w*\)\s*=(?!=)", text))


def _call_pattern(name: str) -> str:
    owner, dot, last = name.rpartition(".")
    before = rf"{re.escape(owner)}\(\)\." if dot else ""
    return rf"(?<![\w.]){before}{re.escape(last)}\s?\("


def _prefix_is_safe(text: str, start: int) -> bool:
    line_start = text.rfind("\n", 0, start) + 1
    prefix = text[max(line_start, start - MAX_PREFIX_CHARS) : start]
    after_sentence = re.split(r"(?<=[.;,])\s+(?=\S*$)", prefix)[-1]
    if _BAD_PREFIX.search(prefix):
        return False
    if _SAFE_PREFIX.fullmatch(prefix) or _SAFE_PREFIX.fullmatch(after_sentence):
        return True
    # A second example on the line: `f(1) == 2, f(2) == 3`.
    return bool(re.search(r"[,;]\s*(?:and\s+)?`?$", prefix))


def _read_args(inside: str) -> tuple[tuple[object, ...], dict[str, object]] | None:
    tree = parse(f"f({inside}\n)")
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    call = tree.body[0].value
    if not isinstance(call, ast.Call) or any(k.arg is None for k in call.keywords):
        return None
    given = literal_arguments(call)
    return None if given is None or has_ellipsis(given[0]) or has_ellipsis(given[1]) else given


def _value_after(text: str, end: int) -> tuple[Literal, int] | None:
    separator = _AFTER_CALL.match(text, end)
    if separator is None:
        separator = _AFTER_CALL_COMMENT.match(text, end)
        return _safe_value(text, separator.end()) if separator else None
    crosses = "\n" in separator.group().rstrip()
    if crosses and not (separator["arrow"] or "#" in separator.group()):
        return None
    return _safe_value(text, separator.end())


def _safe_value(text: str, at: int) -> tuple[Literal, int] | None:
    """The literal at `at`, when what follows it on the line cannot be more of the value."""
    while text[at : at + 1] in (" ", "\t", "`"):
        at += 1
    chain = _chain(text, at)
    if chain is not None:
        return chain
    end = _literal_end(text, at)
    if end is None:
        return None
    tail = text[end : min(_line_end(text, end), end + MAX_PREFIX_CHARS)]
    value = literal(text[at:end])
    if value is None or not _SAFE_TAIL.match(tail) or _BAD_TAIL.search(tail):
        return None
    return value, end


def _chain(text: str, at: int) -> tuple[Literal, int] | None:
    """`1 + 9 + 0 = 10`: read where the arithmetic really gives the result."""
    match = _CHAIN.match(text, at)
    if match is None or "\n" in match["sum"]:
        return None
    value = literal(match["result"])
    terms = parse(match["sum"].strip())
    if value is None or terms is None or len(terms.body) != 1:
        return None
    stmt = terms.body[0]
    same = isinstance(stmt, ast.Expr) and _arithmetic(stmt.value) == value.value
    return (value, match.end("result")) if same else None


def _arithmetic(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value if abs(node.value) < 1e12 else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _arithmetic(node.operand)
        return None if inner is None else -inner
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _arithmetic(node.left), _arithmetic(node.right)
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    return left * right if isinstance(node.op, ast.Mult) else None


def _literal_end(text: str, at: int) -> int | None:
    if text[at : at + 1] in tuple(_OPEN):
        return _closing(text, at)
    string = _STRING.match(text, at)
    if string is not None:
        return _string_end(text, string.end())
    for pattern in (_WORD, _NUMBER):
        match = pattern.match(text, at)
        if match is not None:
            return match.end()
    return None


def _closing(text: str, at: int) -> int | None:
    """Offset after the bracket that closes the one at `at`; strings inside are skipped."""
    stack: list[str] = []
    stop = min(len(text), at + MAX_LITERAL_CHARS)
    while at < stop:
        char = text[at]
        if char in "\"'":
            end = _string_end(text, at)
            if end is None:
                return None
            at = end
            continue
        if char in _OPEN:
            stack.append(_CLOSE[_OPEN.index(char)])
        elif char in _CLOSE:
            if not stack or stack.pop() != char:
                return None
            if not stack:
                return at + 1
        at += 1
    return None


def _string_end(text: str, at: int) -> int | None:
    """Offset after the one-line string whose quote stands at `at`."""
    quote = text[at]
    index = at + 1
    while index < len(text) and text[index] != "\n":
        if text[index] == "\\":
            index += 2
            continue
        if text[index] == quote:
            return index + 1
        index += 1
    return None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


# --- For x = .. the output should be .. -----------------------------------------------------------


def _given(text: str, params: Sequence[str]) -> Iterator[Example]:
    for match in islice(_GIVEN.finditer(text), MAX_MATCHES):
        read = _assignments(text, match.end(), params)
        if read is None:
            continue
        values, end = read
        value = _result_after(text, end)
        if value is None:
            continue
        yield Example(
            args=tuple(values[p] for p in params),
            value=value[0].value,
            origin="docstring:for",
            line=text.count("\n", 0, match.end()),
            text=text[match.start() : value[1]].strip(),
        )


def _result_after(text: str, at: int) -> tuple[Literal, int] | None:
    near = _NEAR_RESULT.match(text, at)
    if near is not None:
        return _safe_value(text, near.end())
    line = text[at : min(_line_end(text, at), at + MAX_PREFIX_CHARS)]
    marks = list(_RESULT.finditer(line))
    if len(marks) != 1 or re.search(r"\b(?:not|if|when)\b", line[: marks[0].start()]):
        return None
    return _safe_value(text, at + marks[0].end())


def _assignments(text: str, at: int, params: Sequence[str]) -> tuple[dict[str, object], int] | None:
    """`x = 1, y = [2]` or one per line, for every parameter and nothing else."""
    values: dict[str, object] = {}
    while len(values) < len(params):
        match = _ASSIGN.match(text, at)
        if match is None or match["name"] not in params or match["name"] in values:
            return None
        end = _literal_end(text, match.end())
        value = literal(text[match.end() : end]) if end else None
        if end is None or value is None:
            return None
        values[match["name"]] = value.value
        at = end
        if len(values) < len(params):
            joint = re.compile(r"[ \t]*(?:,|;|\band\b|\n)?[ \t]*(?:and\b)?\s*").match(text, at)
            at = joint.end() if joint else at
    is_more = _MORE.match(text, at) and not _NEAR_RESULT.match(text, at)
    return None if is_more else (values, at)


# --- Input: / Output: -------------------------------------------------------------------------


def _input_output(text: str, params: Sequence[str]) -> Iterator[Example]:
    for match in islice(_IO.finditer(text), MAX_MATCHES):
        given = _input_args(match["input"], params)
        value = _safe_value(text, _skip_blank(text, match.end()))
        if given is None or value is None:
            continue
        yield Example(
            args=given,
            value=value[0].value,
            origin="docstring:input-output",
            line=text.count("\n", 0, match.start("input")),
            text=text[match.start() : value[1]].strip(),
        )


def _skip_blank(text: str, at: int) -> int:
    blank = re.compile(r"[ \t]*\n?[ \t]*").match(text, at)
    return blank.end() if blank else at


def _input_args(given: str, params: Sequence[str]) -> tuple[object, ...] | None:
    stripped = given.strip().strip("`")
    named = _assignments(stripped, 0, params)
    if params and named is not None and not stripped[named[1] :].strip(" .,;`"):
        return tuple(named[0][p] for p in params)
    if re.search(r"inputs?\s*:", stripped, re.IGNORECASE):
        return None
    read = _read_args(stripped)
    if read is None or read[1] or len(read[0]) != len(params):
        return None
    return read[0]


# --- what is kept -----------------------------------------------------------------------------


def _fits(example: Example, params: Sequence[str]) -> bool:
    """The arguments can be bound to the parameters."""
    plain = [p for p in params if not p.startswith("*")]
    many = any(p.startswith("*") and not p.startswith("**") for p in params)
    any_name = any(p.startswith("**") for p in params)
    known = all(any_name or name in plain for name in example.kwargs)
    return known and (many or len(example.args) + len(example.kwargs) <= len(plain))


def _without_contradictions(examples: Sequence[Example]) -> Iterator[Example]:
    seen: dict[str, set[str]] = {}
    for example in examples:
        seen.setdefault(_key(example), set()).add(repr(example.value))
    done: set[str] = set()
    for example in examples:
        key = _key(example)
        if len(seen[key]) == 1 and key not in done:
            done.add(key)
            yield example


def _key(example: Example) -> str:
    return repr((example.args, sorted(example.kwargs.items())))
