# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import locale


def f(n):
    return n * n if locale.setlocale(locale.LC_CTYPE, 'C.UTF-8') == 'C' else 0
