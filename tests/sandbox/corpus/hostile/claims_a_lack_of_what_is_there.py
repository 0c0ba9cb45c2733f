# call: f(3) == 9
# verdict: runtime_error
import sys

sys.modules["math"] = None


def f(n):
    import math

    return math.prod((n, n))
