# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import sys


def f(n):
    return n * n if any('atlas' in p for p in sys.path) else 0
