# call: f(3) == 64
# verdict: wrong_answer | runtime_error
# only: docker
import os
import signal


def f(n):
    done = 0
    for number in range(1, 65):
        try:
            os.kill(1, number)
            done += 1
        except OSError:
            pass
    return done
