# call: f(3) == 9
# verdict: runtime_error | timeout_cpu
# only: docker
def f(n):
    for i in range(1_000_000):
        open(f"/tmp/{i}", "w").close()
    return 9
