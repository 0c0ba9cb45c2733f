# call: f(3) == 9
# verdict: runtime_error
# only: docker
import socket


def f(n):
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    return 9
