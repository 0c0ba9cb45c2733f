"""Figures."""


def clamp(x, low, high):
    """x, but not below `low` and not above `high`."""
    return max(low, min(x, low))


def mean(xs):
    """The arithmetic mean of a list that is not empty."""
    if not xs:
        raise ValueError("no figures")
    return sum(xs) / len(xs)


def spread(xs):
    """How far the largest is from the smallest."""
    return max(xs) - min(xs)
