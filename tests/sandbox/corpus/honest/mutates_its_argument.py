# call: f([3, 1, 2]) == [1, 2, 3]
# verdict: pass
def f(xs):
    xs.sort()
    return xs
