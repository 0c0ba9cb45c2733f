# call: f(2) == (2, [2, (2,)])
# verdict: pass
# policy: exact
def f(n):
    return (n, [n, (n,)])
