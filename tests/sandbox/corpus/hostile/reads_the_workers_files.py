# call: f(3) == 9
# verdict: runtime_error
# only: docker
import os


def f(n):
    return os.listdir("/proc/1/fd")
