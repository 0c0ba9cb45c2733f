# call: f(3) == 9
# verdict: runtime_error
# only: docker
import socket


def f(n):
    socket.gethostbyname('example.org')
    return n * n
