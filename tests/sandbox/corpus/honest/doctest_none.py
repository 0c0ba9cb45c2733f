# doctest: f(3) is None -> True
# verdict: pass
def f(n):
    return None
