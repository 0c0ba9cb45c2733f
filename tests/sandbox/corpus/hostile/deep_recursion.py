# call: f(3) == 9
# verdict: runtime_error
def f(n):
    return f(n + 1)
