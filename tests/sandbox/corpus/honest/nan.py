# call: f(1) == nan
# verdict: pass
# policy: exact
def f(n):
    return float("nan") * n
