# call: f(3) == 9
# verdict: pass
from multiprocessing import shared_memory


def f(n):
    shared = shared_memory.SharedMemory(create=True, size=1 << 10)
    shared.buf[0] = n * n
    again = shared_memory.SharedMemory(name=shared.name)
    value = again.buf[0]
    again.close()
    shared.close()
    shared.unlink()
    return value
