# test: check
# verdict: pass
# uses: assert candidate(3) == 9 and candidate(0) == 0
def f(n):
    return n * n
