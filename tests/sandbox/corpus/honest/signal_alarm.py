# call: f() == "late"
# verdict: pass
# cpu: 5
import signal


class Late(Exception):
    pass


def late(number, frame):
    raise Late


def f():
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        while True:
            pass
    except Late:
        return 'late'
