# call: f(3) == 9
# verdict: no_result | wrong_answer
import os
import threading


def f(n):
    threading.Thread(target=os._exit, args=(0,)).start()
    while True:
        pass
