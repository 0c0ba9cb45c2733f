# call: f(3) == 9
# verdict: runtime_error
# only: docker
import socket


def f(n):
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    return n * n
