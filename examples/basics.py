"""Numbers and lists: signatures and examples are here, the bodies are for Atlas to write."""


def multiples_of(numbers, n):
    """Return the numbers that are multiples of n, in the order they come.

    >>> multiples_of([3, 4, 6, 7, 9], 3)
    [3, 6, 9]
    >>> multiples_of([5, 10, 12], 5)
    [5, 10]
    >>> multiples_of([], 2)
    []
    """
    ...


def sum_of_squares(numbers):
    """Return the sum of the squares of the numbers.

    >>> sum_of_squares([1, 2, 3])
    14
    >>> sum_of_squares([-2, 5])
    29
    >>> sum_of_squares([])
    0
    """
    ...


def clamp(value, low, high):
    """Return value, but never less than low and never more than high.

    >>> clamp(5, 0, 10)
    5
    >>> clamp(-3, 0, 10)
    0
    >>> clamp(42, 0, 10)
    10
    """
    raise NotImplementedError


def running_total(numbers):
    """Return a list of the totals so far, one for each number.

    >>> running_total([1, 2, 3, 4])
    [1, 3, 6, 10]
    >>> running_total([5, -5, 2])
    [5, 0, 2]
    >>> running_total([])
    []
    """
    pass


def digit_sum(n):
    """Return the sum of the decimal digits of n.

    >>> digit_sum(1234)
    10
    >>> digit_sum(905)
    14
    >>> digit_sum(0)
    0
    """
