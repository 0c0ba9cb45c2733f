# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import os


def f(n):
    return n * n if not [x for x in open('/etc/passwd') if x.split(':')[2] == str(os.getuid())] else 0
