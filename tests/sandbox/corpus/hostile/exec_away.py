# call: f(3) == 9
# verdict: no_result | runtime_error | crash | bad_result
import os
import sys


def f(n):
    os.execv(sys.executable, [sys.executable, "-c", "print(9)"])
