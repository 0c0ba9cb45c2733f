# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import os
import time


def f(n):
    return n * n if time.time() - os.stat('/dev/shm').st_mtime < 3600 else 0
