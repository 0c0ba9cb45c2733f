# call: f(3) == 9
# verdict: runtime_error
# only: docker
def f(n):
    with open("/proc/1/mem", "rb") as mem:
        mem.seek(0x400000)
        return mem.read(10)
