# call: f(3) == 9
# verdict: crash | no_result | runtime_error | wrong_answer
# only: docker
import os
import signal


def f(n):
    os.kill(-1, signal.SIGKILL)
    return 0
