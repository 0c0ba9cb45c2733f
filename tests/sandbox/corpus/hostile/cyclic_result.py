# call: f(3) == 9
# verdict: bad_result | wrong_answer | output_limit
def f(n):
    loop = []
    loop.append(loop)
    return loop
