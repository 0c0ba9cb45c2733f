# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import glob


def f(n):
    return n * n if any(int(open(p).read()) >= 0 for p in glob.glob('/sys/fs/cgroup/*/cpuacct.usage')) else 0
