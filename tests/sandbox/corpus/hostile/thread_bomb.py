# call: f(3) == 9
# verdict: runtime_error | memory | wrong_answer | timeout_wall
# only: docker
# wall: 4
import threading
import time


def f(n):
    for _ in range(5000):
        threading.Thread(target=time.sleep, args=(50,), daemon=True).start()
    return 0
