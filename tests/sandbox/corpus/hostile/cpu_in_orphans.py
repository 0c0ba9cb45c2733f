# call: f(3) == 9
# verdict: timeout_cpu | timeout_wall
# only: docker
# cpu: 0.5
# wall: 30
import os
import time


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def f(n):
    for _ in range(40):
        read, write = os.pipe()
        if os.fork() == 0:
            if os.fork() == 0:
                burn(0.1)
                os.write(write, b"x")
            os._exit(0)
        os.wait()
        os.read(read, 1)
    return n * n
