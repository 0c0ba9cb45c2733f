# call: f(3) == 9
# verdict: runtime_error
# only: docker
import socket


def f(n):
    socket.getaddrinfo("example.org", 80)
    return 9
