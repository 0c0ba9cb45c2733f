# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import sys


def f(n):
    return n * n if 'sandbox' in repr(sys.orig_argv) else 0
