# call: f(3) == 9
# verdict: output_limit
def f(n):
    while True:
        print("x" * 10_000)
