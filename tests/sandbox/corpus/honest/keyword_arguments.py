# call: f(1, scale=3) == 3
# verdict: pass
def f(n, *, scale=2):
    return n * scale
