# call: f(3) == 9
# verdict: pass
import time


def f(n):
    time.sleep(0.2)
    return n * n
