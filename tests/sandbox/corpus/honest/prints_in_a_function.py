# call: f(3) == 9
# verdict: pass
def f(n):
    print("working on", n)
    return n * n
