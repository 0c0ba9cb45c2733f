# call: f(3) == 9
# verdict: runtime_error
# only: docker
import resource


def f(n):
    resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))
    return n * n
