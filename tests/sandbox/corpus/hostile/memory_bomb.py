# call: f(3) == 9
# verdict: memory
# memory: 96
def f(n):
    return len([bytes(1 << 20) + b"x" for _ in range(10_000)])
