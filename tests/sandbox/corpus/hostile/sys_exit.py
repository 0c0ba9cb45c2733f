# call: f(3) == 9
# verdict: runtime_error | no_result
import sys


def f(n):
    sys.exit(0)
