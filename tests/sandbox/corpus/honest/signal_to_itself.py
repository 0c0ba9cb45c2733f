# call: f() == True
# verdict: pass
# cpu: 5
import os
import signal


def f():
    seen = []
    signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    return seen == [signal.SIGUSR1]
