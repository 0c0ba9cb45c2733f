# call: f(0) raises ZeroDivisionError
# verdict: pass
def f(n):
    return 1 // n
