# call: f(2) == True
# verdict: pass
# policy: exact
def f(n):
    return n == 2
