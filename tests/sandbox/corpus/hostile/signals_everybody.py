# call: f(3) == 9
# verdict: crash | no_result | runtime_error
# only: docker
import os


def f(n):
    os.kill(-1, 9)
    os.kill(os.getpid(), 9)
    return n * n
