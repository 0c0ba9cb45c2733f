# call: f(3) == 9
# verdict: runtime_error | wrong_answer
# only: docker
import os


def f(n):
    os.symlink("/proc/1/environ", "/tmp/out")
    with open("/tmp/out") as file:
        return file.read()
