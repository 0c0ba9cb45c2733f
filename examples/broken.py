"""Functions with one small mistake each, that their examples show, for Atlas to mend."""

from __future__ import annotations


def count_above(numbers: list[int], limit: int) -> int:
    """Return how many numbers are greater than the limit.

    >>> count_above([1, 5, 8, 5], 5)
    1
    >>> count_above([3, 4], 2)
    2
    >>> count_above([], 0)
    0
    """
    count = 0
    for number in numbers:
        if number >= limit:
            count += 1
    return count


def total_positive(numbers: list[int]) -> int:
    """Return the sum of the positive numbers.

    >>> total_positive([1, -2, 3])
    4
    >>> total_positive([-1, -5])
    0
    >>> total_positive([])
    0
    """
    total = 0
    for number in numbers:
        if number < 0:
            total += number
    return total


def factorial(n: int) -> int:
    """Return the product of all whole numbers from 1 to n.

    >>> factorial(5)
    120
    >>> factorial(1)
    1
    >>> factorial(0)
    1
    """
    result = 1
    for k in range(1, n):
        result *= k
    return result


def last_items(items: list[int], n: int) -> list[int]:
    """Return the last n items; all of them if there are fewer.

    >>> last_items([1, 2, 3, 4], 2)
    [3, 4]
    >>> last_items([1, 2], 5)
    [1, 2]
    >>> last_items([1, 2, 3], 0)
    []
    """
    start = len(items) - n - 1
    return items[max(start, 0) :]


def average(numbers: list[float]) -> float:
    """Return the mean of the numbers, or 0.0 if there are none.

    >>> average([1, 2, 3, 6])
    3.0
    >>> average([2.5])
    2.5
    >>> average([])
    0.0
    """
    if not numbers:
        return 0.0
    total = numbers[0]
    for number in numbers:
        total += number
    return total / len(numbers)
