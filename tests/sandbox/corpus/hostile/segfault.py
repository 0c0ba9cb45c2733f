# call: f(3) == 9
# verdict: crash
import ctypes


def f(n):
    ctypes.string_at(0)
    return 9
