# call: f(3) == 9
# verdict: crash
import os


def f(n):
    os.abort()
