# call: f(3) raises KeyError
# verdict: wrong_answer
class Odd(Exception):
    pass


Odd.__qualname__ = Odd.__name__ = "builtins.KeyError:"


def f(n):
    raise Odd
