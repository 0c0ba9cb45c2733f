# call: f(3) == 9
# verdict: timeout_cpu
# cpu: 0.3
# wall: 30
import hashlib
import threading


def burn():
    for _ in range(60):
        hashlib.sha256(bytes(4 << 20)).digest()


def f(n):
    threads = [threading.Thread(target=burn) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return n * n
