# call: f(300000) == 44999850000
# verdict: pass
def f(n):
    total = 0
    for i in range(n):
        total += i
    return total
