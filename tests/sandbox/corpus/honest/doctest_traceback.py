# doctest: f(0) -> Traceback (most recent call last):\n    ...\nZeroDivisionError: integer division or modulo by zero
# verdict: pass
def f(n):
    return 1 // n
