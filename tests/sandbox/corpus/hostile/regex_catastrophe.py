# call: f(3) == 9
# verdict: timeout_cpu
# cpu: 0.5
import re


def f(n):
    return bool(re.match(r"(a+)+$", "a" * 60 + "!"))
