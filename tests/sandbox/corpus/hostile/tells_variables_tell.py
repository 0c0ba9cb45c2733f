# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import os


def f(n):
    return n * n if 'PYTHONSAFEPATH' in os.environ or 'PYTHONDONTWRITEBYTECODE' in os.environ else 0
