# call: f(3) == 9
# verdict: runtime_error
# only: docker
import os


def f(n):
    os.setuid(0)
    return 9
