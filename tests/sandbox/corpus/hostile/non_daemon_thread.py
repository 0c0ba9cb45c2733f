# call: f(3) == 9
# verdict: wrong_answer
import threading
import time


def f(n):
    threading.Thread(target=time.sleep, args=(50,)).start()
    return 0
