# call: f(50) == 50
# verdict: pass
def f(n):
    nest = []
    for _ in range(n):
        nest = [nest]
    depth = 0
    while nest:
        nest, depth = nest[0], depth + 1
    return depth
