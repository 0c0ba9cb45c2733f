# call: f(3) == 9
# verdict: timeout_cpu
# cpu: 0.3
# wall: 30
import os


def f(n):
    with open("/dev/urandom", "rb", buffering=0) as file:
        for _ in range(4000):
            file.read(1 << 20)
    return n * n
