# call: f(3) == 9
# verdict: runtime_error
# only: docker
import mmap


def f(n):
    with open('/dev/shm/x', 'w+b') as file:
        file.write(b'\xc3' * 4096)
        file.flush()
        mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)
    return n * n
