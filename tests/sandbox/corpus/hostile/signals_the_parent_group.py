# call: f(3) == 9
# verdict: wrong_answer | crash | no_result | runtime_error
# only: docker
import os


def f(n):
    os.killpg(os.getpgrp(), 9)
    return n * n
