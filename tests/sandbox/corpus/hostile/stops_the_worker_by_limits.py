# call: f(3) == 9
# verdict: runtime_error
# only: docker
import resource


def f(n):
    resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3))
    return n * n
