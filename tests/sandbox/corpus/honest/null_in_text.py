# call: f(2) == 'a\x00b'
# verdict: pass
def f(n):
    return "a\0b"
