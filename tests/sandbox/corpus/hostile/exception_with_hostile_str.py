# call: f(3) == 9
# verdict: runtime_error | no_result
class Nasty(Exception):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__


def f(n):
    raise Nasty
