# call: f(3) == 0
# verdict: wrong_answer
# only: docker
import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.mount(b'none', b'/', None, 32, None)
