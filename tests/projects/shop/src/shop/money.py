"""Amounts of money."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    """An amount in cents.

    >>> Money(150)
    Money(cents=150)
    """

    cents: int

    def __add__(self, other: Money) -> Money:
        """
        >>> Money(1) + Money(2)
        Money(cents=3)
        """
        return Money(self.cents + other.cents)

    def times(self, n: int) -> Money:
        """
        >>> Money(5).times(3)
        Money(cents=15)
        >>> type(Money(1))
        <class 'shop.money.Money'>
        """
        return Money(self.cents * n)


def parse_money(text: str) -> Money:
    """
    >>> from shop import Money
    >>> parse_money("1.50") == Money(150)
    True
    """
    whole, _, part = text.partition(".")
    return Money(int(whole) * 100 + int(part or 0))
