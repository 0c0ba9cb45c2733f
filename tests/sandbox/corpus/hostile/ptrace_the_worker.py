# call: f(3) == 9
# verdict: runtime_error
# only: docker
import ctypes


def f(n):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(16, 1, 0, 0) != 0:
        raise PermissionError(ctypes.get_errno())
    return 9
