# call: f(1) == 'a\ud800b'
# verdict: pass
def f(n):
    return "a\ud800b"
