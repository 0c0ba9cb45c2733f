# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
def f(n):
    return n * n if 'docker' in open('/proc/self/cgroup').read() else 0
