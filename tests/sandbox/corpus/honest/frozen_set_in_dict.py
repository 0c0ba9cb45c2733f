# call: f(2) == {frozenset({1, 2}): 'x'}
# verdict: pass
def f(n):
    return {frozenset({1, n}): "x"}
