# call: f(3) == [0, 0]
# verdict: wrong_answer
# only: docker
import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    return [libc.ptrace(16, 1, 0, 0), libc.ptrace(0x4206, 1, 0, 0)]
