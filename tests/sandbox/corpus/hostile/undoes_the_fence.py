# call: f(3) == 0
# verdict: wrong_answer
# only: docker
import ctypes
import os


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 0, 0, 0, 0)
    if os.fork() == 0:
        try:
            open('/proc/1/stat').close()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.wait()[1]
