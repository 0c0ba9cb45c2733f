# call: f(3) == 9
# verdict: output_limit | bad_result | memory
def f(n):
    return "x" * (1 << 25)
