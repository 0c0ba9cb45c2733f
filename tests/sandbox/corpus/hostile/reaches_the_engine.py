# call: f(3) == 9
# verdict: runtime_error
# only: docker
import socket


def f(n):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect('/var/run/docker.sock')
    return n * n
