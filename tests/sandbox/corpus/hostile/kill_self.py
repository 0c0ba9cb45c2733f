# call: f(3) == 9
# verdict: crash | no_result
import os
import signal


def f(n):
    os.kill(os.getpid(), signal.SIGKILL)
