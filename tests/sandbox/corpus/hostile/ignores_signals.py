# call: f(3) == 9
# verdict: timeout_cpu
# cpu: 0.3
import contextlib
import signal


def f(n):
    for number in range(1, 65):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    while True:
        pass
