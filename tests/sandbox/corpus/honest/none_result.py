# call: f(2) == None
# verdict: pass
def f(n):
    pass
