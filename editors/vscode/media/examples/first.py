"""Your first proof: click *Solve* above the function, then *Apply*."""


def is_even(n):
    """Is n even?

    >>> is_even(4)
    True
    >>> is_even(7)
    False
    """
