# call: f(3) == 9
# verdict: runtime_error
# only: docker
def f(n):
    with open("/proc/1/mem", "rb") as file:
        file.seek(4096)
        return file.read(1)
