# call: f(3) == 9
# verdict: wrong_answer
# only: docker
import contextlib
import os


def f(n):
    for number in range(1, 65):
        with contextlib.suppress(OSError):
            os.kill(1, number)
    return 0
