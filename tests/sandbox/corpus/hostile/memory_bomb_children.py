# call: f(3) == 9
# verdict: memory | timeout_cpu | timeout_wall | wrong_answer | crash | runtime_error | no_result
# memory: 96
# wall: 4
import os


def f(n):
    pids = []
    for _ in range(8):
        pid = os.fork()
        if pid == 0:
            hoard = []
            while True:
                hoard.append(bytearray(b"x" * (1 << 20)))
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    return 0
