# call: f(3) == 9
# verdict: bad_result | no_result | output_limit
import os
import struct


def f(n):
    os.write(3, struct.pack("!I", 0xFFFFFFFF) + b"x" * 100)
    os._exit(0)
