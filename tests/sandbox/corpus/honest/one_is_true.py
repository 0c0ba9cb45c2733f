# call: f(1) == True
# verdict: pass
def f(n):
    return n
