# call: f(3) == 9
# verdict: timeout_wall
# wall: 1
import os
import signal


def f(n):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 9
