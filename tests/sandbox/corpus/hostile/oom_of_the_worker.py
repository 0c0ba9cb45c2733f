# call: f(3) == 9
# verdict: crash | memory | runtime_error | no_result
# only: docker
# why: memory that no process shows fills the container; the kernel then ends the largest, the worker
import os


def spare_me():
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("0")


def f(n):
    try:
        spare_me()
    except OSError:
        pass
    page = b"x" * (1 << 20)
    fds = [os.memfd_create(str(number), 0) for number in range(12)]
    for fd in fds[4:]:
        for _ in range(56):
            os.write(fd, page)
    script = "x=aaaaaaaaaaaaaaaa; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do x=$x$x; done; "
    for fd in fds[:4]:
        script += f"i=0; while [ $i -lt 900 ]; do echo $x >&{fd}; i=$((i+1)); done; "
    os.execv("/bin/sh", ["sh", "-c", script])
    return n * n
