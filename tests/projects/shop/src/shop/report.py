"""Figures of many sales."""

import numpy as np

from shop import Money


def mean_price(amounts: list[Money]) -> float:
    """
    >>> mean_price([Money(100), Money(201)])
    150.5
    >>> mean_price([Money(1), Money(2), Money(2)])
    1.67
    """
    return float(np.mean([one.cents for one in amounts]))


def shares(counts):
    """
    >>> shares([1, 3])
    array([0.25,   0.75])
    """
    return np.array(counts) / sum(counts)


def parse_duration(text: str) -> int:
    """Seconds of `1h30m`.

    >>> parse_duration("1h30m")
    5400
    """
    hours, _, rest = text.partition("h")
    return int(hours) * 3600 + int(rest.removesuffix("m") or 0) * 60
