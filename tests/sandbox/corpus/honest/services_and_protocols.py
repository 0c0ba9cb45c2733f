# call: f() == (80, 17)
# verdict: pass
# only: docker
# cpu: 5
import socket


def f():
    return socket.getservbyname('http', 'tcp'), socket.getprotobyname('udp')
