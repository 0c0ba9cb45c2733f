# call: f(3) == 9
# verdict: runtime_error
# only: docker
import socket


def f(n):
    socket.create_connection(('192.0.2.1', 443), timeout=1)
    return n * n
