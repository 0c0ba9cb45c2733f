# call: f(3) == 9
# verdict: runtime_error
class Nine(BaseException):
    def __str__(self):
        return "9"


def f(n):
    raise Nine
