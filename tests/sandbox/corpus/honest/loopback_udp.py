# call: f(b"ping") == b"gnip"
# verdict: pass
import socket


def f(data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
            far.sendto(data[::-1], near.getsockname())
        return near.recv(100)
