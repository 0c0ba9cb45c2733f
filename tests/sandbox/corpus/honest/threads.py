# call: f(4) == 6
# verdict: pass
import threading


def f(n):
    total = []
    threads = [threading.Thread(target=total.append, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(total)
