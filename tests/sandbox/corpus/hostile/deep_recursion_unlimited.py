# call: f(3) == 9
# verdict: crash | memory | runtime_error | timeout_cpu | no_result
import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def f(n):
    return Deep().a
