# call: f(3) == 9
# verdict: timeout_wall
# wall: 1
import time


def f(n):
    time.sleep(99)
    return 9
