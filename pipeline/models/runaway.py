"""Notices a stream that runs in circles: repeated n-grams of tokens, repeated lines of text."""

from __future__ import annotations

from collections import deque

LONGEST_PERIOD = 64
MIN_RUN = 80
"""So many tokens must repeat; a literal such as `[0, 0, 0, 0]` stays well below."""
MIN_ROUNDS = 5
LINE_CHARS = 20
LINE_ROUNDS = 12
LINE_WINDOW = 48
"""A line is in circles when it is said so many times among so many long lines."""


class RunawayGuard:
    """Fed with each token; says whether the stream has gone in circles for long enough."""

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._runs = [0] * (LONGEST_PERIOD + 1)
        self._lines: deque[str] = deque(maxlen=LINE_WINDOW)
        self._line = ""

    def is_circling(self, token: int, piece: str) -> bool:
        """Add one token and its text; True once the stream repeats itself."""
        return self._ngrams_repeat(token) or self._lines_repeat(piece)

    def _ngrams_repeat(self, token: int) -> bool:
        self._tokens.append(token)
        n = len(self._tokens)
        circling = False
        for period in range(1, min(LONGEST_PERIOD, n - 1) + 1):
            if self._tokens[n - 1 - period] != token:
                self._runs[period] = 0
                continue
            self._runs[period] += 1
            circling |= self._runs[period] >= max(MIN_RUN, MIN_ROUNDS * period)
        return circling

    def _lines_repeat(self, piece: str) -> bool:
        self._line += piece
        if "\n" not in piece:
            return False
        *done, self._line = self._line.split("\n")
        long = [line.strip() for line in done if len(line.strip()) >= LINE_CHARS]
        self._lines.extend(long)
        return any(self._lines.count(line) >= LINE_ROUNDS for line in long)
