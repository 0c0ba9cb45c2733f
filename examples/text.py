"""Strings: signatures, docstrings and examples are here, the bodies are for Atlas to write."""

from __future__ import annotations


def count_vowels(text: str) -> int:
    """Return how many vowels (a, e, i, o, u) the text has, in upper or lower case.

    >>> count_vowels("banana")
    3
    >>> count_vowels("Apple Pie")
    4
    >>> count_vowels("rhythm")
    0
    """
    ...


def reverse_words(text: str) -> str:
    """Return the words of the text in reverse order, joined by single spaces.

    >>> reverse_words("one two three")
    'three two one'
    >>> reverse_words("hello")
    'hello'
    >>> reverse_words("")
    ''
    """
    ...


def is_palindrome(word: str) -> bool:
    """Return True if the word reads the same backwards.

    >>> is_palindrome("level")
    True
    >>> is_palindrome("python")
    False
    >>> is_palindrome("")
    True
    """
    ...


def longest_word(words: list[str]) -> str:
    """Return the longest word; of several, the first. Return "" for an empty list.

    >>> longest_word(["fig", "banana", "cherry"])
    'banana'
    >>> longest_word(["a", "bb", "cc"])
    'bb'
    >>> longest_word([])
    ''
    """
    raise NotImplementedError


class Tally:
    """Counts words.

    >>> tally = Tally()
    >>> tally.add("to be or not to be")
    >>> tally.counts["be"]
    2
    >>> tally.counts["not"]
    1
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, text: str) -> None:
        """Count each word of the text, on top of what was counted before."""
        ...
