# call: f(3) == 9
# verdict: pass
import sys


def f(n):
    print("debug", file=sys.stderr)
    return n * n
