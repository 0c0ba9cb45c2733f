# call: f(3) == [0, 1, 4]
# verdict: pass
def squares(n):
    for i in range(n):
        yield i * i


def f(n):
    return list(squares(n))
