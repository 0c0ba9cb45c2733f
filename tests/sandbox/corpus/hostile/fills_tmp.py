# call: f(3) == 9
# verdict: runtime_error
# only: docker
def f(n):
    with open("/tmp/big", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
