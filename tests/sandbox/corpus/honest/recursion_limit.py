# call: f(5000) == 5000
# verdict: pass
import sys

sys.setrecursionlimit(20_000)


def f(n):
    return 0 if n == 0 else 1 + f(n - 1)
