# call: f(3) == 9
# verdict: memory | runtime_error | crash | no_result | timeout_wall
# only: docker
# cpu: 4
# wall: 15
import mmap
import os
import time


def f(n):
    for _ in range(50):
        try:
            if os.fork() == 0:
                held = mmap.mmap(-1, 40 << 20)
                for at in range(0, 40 << 20, 4096):
                    held[at] = 1
                time.sleep(20)
        except OSError:
            break
    while True:
        held = bytearray(30 << 20)
