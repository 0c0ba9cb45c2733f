# call: f(3) == {0, 1, 2}
# verdict: pass
def f(n):
    return set(range(n))
