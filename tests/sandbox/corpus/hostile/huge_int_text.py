# call: f(3) == 9
# verdict: runtime_error | timeout_cpu | memory
# cpu: 0.5
import sys


def f(n):
    sys.set_int_max_str_digits(0)
    return len(str(10 ** (10**7)))
