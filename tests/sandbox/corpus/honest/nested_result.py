# call: f(1) == [[[[[[[[[[1]]]]]]]]]]
# verdict: pass
def f(n):
    nest = 1
    for _ in range(10):
        nest = [nest]
    return nest
