# call: f(60000) == 60000
# verdict: pass
# cpu: 5
import sys
import threading


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def f(n):
    sys.setrecursionlimit(10**6)
    threading.stack_size(256 << 20)
    found = []
    thread = threading.Thread(target=lambda: found.append(depth(n)))
    thread.start()
    thread.join()
    return found[0]
