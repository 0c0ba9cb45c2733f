# call: f(20000) == 20000
# verdict: pass
def f(n):
    return (1 << n).bit_length() - 1
