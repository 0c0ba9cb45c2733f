# call: f(3) == 9
# verdict: output_limit
import sys


def f(n):
    while True:
        sys.stderr.write("x" * 10_000)
