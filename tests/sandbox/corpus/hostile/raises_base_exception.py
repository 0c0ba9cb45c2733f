# call: f(3) == 9
# verdict: runtime_error
def f(n):
    raise BaseException("you cannot catch me")
