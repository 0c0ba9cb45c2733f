# call: f(2) == b'\x00\xff'
# verdict: pass
def f(n):
    return b"\x00\xff"
