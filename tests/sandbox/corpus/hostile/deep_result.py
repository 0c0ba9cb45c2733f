# call: f(3) == 9
# verdict: bad_result | wrong_answer | output_limit
def f(n):
    nest = []
    for _ in range(100_000):
        nest = [nest]
    return nest
