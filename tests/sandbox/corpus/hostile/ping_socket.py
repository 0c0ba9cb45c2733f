# call: f(3) == 9
# verdict: runtime_error
# only: docker
import socket


def f(n):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)
    return n * n
