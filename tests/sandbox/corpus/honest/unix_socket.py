# call: f() == b"x"
# verdict: pass
import socket


def f():
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("here.sock")
        server.listen()
        client.connect("here.sock")
        connection, _ = server.accept()
        with connection:
            connection.send(b"x")
        return client.recv(1)
