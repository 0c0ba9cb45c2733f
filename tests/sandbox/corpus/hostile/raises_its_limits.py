# call: f(3) == 9
# verdict: runtime_error
# only: docker
import resource


def f(n):
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return 9
