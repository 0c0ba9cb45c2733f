# call: f(3) == 9
# verdict: runtime_error
# only: docker
import os


def f(n):
    os.setpriority(os.PRIO_PROCESS, 1, 19)
    return n * n
