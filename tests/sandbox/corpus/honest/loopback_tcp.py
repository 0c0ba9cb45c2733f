# call: f("hello") == "HELLO"
# verdict: pass
import socket
import threading


def serve(server):
    connection, _ = server.accept()
    with connection:
        connection.sendall(connection.recv(100).upper())


def f(text):
    with socket.create_server(("localhost", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        with socket.create_connection(server.getsockname()) as client:
            client.sendall(text.encode())
            answer = client.recv(100).decode()
        thread.join()
    return answer
