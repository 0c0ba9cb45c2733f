"""Inputs for programs: the samples' lines with other values and sizes, counts kept consistent.

What it does not do: read the statement; a mutated input may break a promise that only stands there,
which is why the candidates judge its validity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

MAX_CHARS = 400
"""Longer samples are no start for a mutation."""
MAX_INT = 10**6
_INT = re.compile(r"-?\d{1,18}")
Lines = list[list[str]]


@dataclass(frozen=True)
class _Count:
    """The integer at (line, at) counts the tokens of a line, its characters, or lines."""

    line: int
    at: int
    what: str
    of: int


def mutated_stdins(samples: Sequence[str], *, seed: int, n: int) -> tuple[str, ...]:
    """Up to `n` new inputs; the same arguments give the same ones."""
    rng = Random(seed)
    starts = [_lines(text) for text in samples if text.strip() and len(text) <= MAX_CHARS]
    known = {_text(lines) for lines in starts}
    made: list[str] = []
    for _ in range(8 * n if starts else 0):
        if len(made) == n:
            break
        new = _text(_mutated([list(line) for line in rng.choice(starts)], rng))
        if new not in known:
            known.add(new)
            made.append(new)
    return tuple(made)


def _lines(text: str) -> Lines:
    return [line.split() for line in text.rstrip("\n").split("\n")]


def _text(lines: Lines) -> str:
    return "\n".join(" ".join(line) for line in lines) + "\n"


def _mutated(lines: Lines, rng: Random) -> Lines:
    counts = list(_counts(lines))
    sizes = [c for c in counts if int(lines[c.line][c.at]) > 1]
    if sizes and rng.random() < 0.4:
        _resize(lines, rng.choice(sizes), counts, rng)
        counts = list(_counts(lines))
    fixed = {(c.line, c.at) for c in counts}
    low, high = _range(lines, fixed)
    for y, line in enumerate(lines):
        for x, token in enumerate(line):
            if (y, x) not in fixed and rng.random() < 0.35:
                line[x] = _token(token, low, high, rng)
    return lines


def _counts(lines: Lines) -> Iterator[_Count]:
    for y, line in enumerate(lines[:-1]):
        for x, token in enumerate(line):
            if not _INT.fullmatch(token) or int(token) < 1:
                continue
            n = int(token)
            later = range(y + 1, len(lines))
            if n == len(lines) - y - 1:
                yield _Count(y, x, "lines", y + 1)
            yield from (_Count(y, x, "tokens", k) for k in later if len(lines[k]) == n > 1)
            yield from (_Count(y, x, "chars", k) for k in later if _is_word(lines[k], n))


def _is_word(line: list[str], n: int) -> bool:
    return len(line) == 1 and len(line[0]) == n > 1 and not _INT.fullmatch(line[0])


def _resize(lines: Lines, count: _Count, counts: Sequence[_Count], rng: Random) -> None:
    """One more or one less of what is counted, everywhere where this number counts it."""
    step = rng.choice((-1, 1))
    same = [c for c in counts if (c.line, c.at, c.what) == (count.line, count.at, count.what)]
    lines[count.line][count.at] = str(int(lines[count.line][count.at]) + step)
    for one in same:
        if one.what == "tokens":
            line = lines[one.of]
            line[:] = line[:-1] if step < 0 else [*line, rng.choice(line)]
        elif one.what == "chars":
            word = lines[one.of][0]
            lines[one.of][0] = word[:-1] if step < 0 else word + rng.choice(word)
        elif step < 0:
            lines.pop()
        else:
            lines.append(list(rng.choice(lines[one.of :])))


def _range(lines: Lines, fixed: set[tuple[int, int]]) -> tuple[int, int]:
    values = [
        int(token)
        for y, line in enumerate(lines)
        for x, token in enumerate(line)
        if (y, x) not in fixed and _INT.fullmatch(token)
    ]
    small = [value for value in values if abs(value) <= MAX_INT]
    return (min(small), max(small)) if small else (1, 10)


def _token(token: str, low: int, high: int, rng: Random) -> str:
    if _INT.fullmatch(token):
        value = int(token)
        near = max(low, min(high, value + rng.choice((-1, 1))))
        return str(rng.choice((near, rng.randint(low, high), max(low, min(high, value // 2)))))
    if len(token) < 2:
        return token
    letters = list(token)
    if rng.random() < 0.5:
        rng.shuffle(letters)
    else:
        letters[rng.randrange(len(letters))] = rng.choice(letters)
    return "".join(letters)
