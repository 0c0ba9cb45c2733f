# call: f(3) == 9
# verdict: timeout_cpu | timeout_wall | runtime_error | memory
# only: docker
# cpu: 0.5
# wall: 3
import os


def f(n):
    while True:
        try:
            os.fork()
        except OSError:
            pass
