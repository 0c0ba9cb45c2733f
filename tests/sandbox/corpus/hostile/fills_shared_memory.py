# call: f(3) == 9
# verdict: runtime_error
# only: docker
def f(n):
    with open('/dev/shm/x', 'wb') as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    return n * n
