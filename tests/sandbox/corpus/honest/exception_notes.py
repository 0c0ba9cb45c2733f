# call: f(-1) raises ValueError
# verdict: pass


def f(n):
    exc = ValueError("too few")
    exc.add_note("give at least zero")
    raise exc
