# call: f(3) == 3
# verdict: pass
import os


def f(n):
    pid = os.fork()
    if pid == 0:
        os._exit(n)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
