# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
def f(n):
    return n * n if int(open('/proc/1/stat').read().rpartition(')')[2].split()[19]) > 10**4 else 0
