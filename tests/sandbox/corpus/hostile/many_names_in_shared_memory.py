# call: f(3) == 9
# verdict: runtime_error
# only: docker
def f(n):
    for number in range(5000):
        open(f'/dev/shm/{number}', 'w').close()
    return n * n
