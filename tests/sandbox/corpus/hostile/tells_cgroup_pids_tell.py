# call: f(3) == 9
# verdict: wrong_answer | runtime_error
# only: docker
import glob


def f(n):
    return n * n if any(open(p).read() for p in glob.glob('/sys/fs/cgroup/**/pids.*', recursive=True)) else 0
