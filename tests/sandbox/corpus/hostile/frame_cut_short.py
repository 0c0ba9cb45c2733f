# call: f(3) == 9
# verdict: bad_result | no_result
import os
import struct


def f(n):
    os.write(3, struct.pack("!I", 50) + b"{")
    os._exit(0)
