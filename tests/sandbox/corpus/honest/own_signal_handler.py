# call: f(3) == 'rang'
# verdict: pass
import signal


def f(n):
    rang = []
    signal.signal(signal.SIGALRM, lambda *_: rang.append("rang"))
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    signal.pause()
    return rang[0]
