# call: f(3) == 9
# verdict: bad_result | output_limit | memory | wrong_answer | timeout_cpu
def f(n):
    return [[[]] * 10 for _ in range(1_000_000)]
