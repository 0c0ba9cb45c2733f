# call: f(20000)[-1] == 19999
# verdict: pass
def f(n):
    return list(range(n))
