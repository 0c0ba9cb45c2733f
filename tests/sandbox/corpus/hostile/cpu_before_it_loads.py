# call: f(3) == 9
# verdict: timeout_cpu
# cpu: 0.4
# wall: 30
import time

end = time.process_time() + 3
while time.process_time() < end:
    pass


def f(n):
    return n * n
