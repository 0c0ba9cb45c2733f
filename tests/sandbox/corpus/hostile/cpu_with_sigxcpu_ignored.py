# call: f(3) == 9
# verdict: timeout_cpu
# cpu: 0.3
# wall: 30
import signal

signal.signal(signal.SIGXCPU, signal.SIG_IGN)


def f(n):
    while True:
        n = (n * 5 + 1) % 1000003
