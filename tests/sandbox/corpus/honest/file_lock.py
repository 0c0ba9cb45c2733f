# call: f() == True
# verdict: pass
# cpu: 5
import fcntl


def f():
    with open('lock', 'w') as one, open('lock', 'w') as two:
        fcntl.flock(one, fcntl.LOCK_EX)
        try:
            fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
