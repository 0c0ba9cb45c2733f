# call: f(3) == True
# verdict: wrong_answer
# only: docker
import ctypes
import os


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        pidfd = os.pidfd_open(1)
    except OSError:
        return False
    return libc.syscall(438, pidfd, 0, 0) >= 0
