# call: f(3) == 9
# verdict: timeout_cpu
# only: docker
# cpu: 0.5
# wall: 30
import os
import signal
import time

signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def f(n):
    for _ in range(30):
        if os.fork() == 0:
            burn(0.08)
            os._exit(0)
        try:
            os.wait()
        except ChildProcessError:
            pass
    return n * n
