# call: f(3) == 9
# verdict: wrong_answer
import os
import time


def f(n):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                time.sleep(1)
        os._exit(0)
    return 0
