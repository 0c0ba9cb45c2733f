# call: f(3) == 9
# verdict: pass
def f(n):
    return n * n
