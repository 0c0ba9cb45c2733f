# call: f(3) == 9
# verdict: runtime_error
# only: docker
from multiprocessing import shared_memory


def f(n):
    shared_memory.SharedMemory(name="left", create=True, size=1 << 20)
    return 9
