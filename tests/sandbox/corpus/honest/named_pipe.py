# call: f() == "through"
# verdict: pass
# cpu: 5
import os
import threading


def put(path):
    with open(path, 'w') as file:
        file.write('through')


def f():
    os.mkfifo('pipe')
    thread = threading.Thread(target=put, args=('pipe',))
    thread.start()
    with open('pipe') as file:
        text = file.read()
    thread.join()
    return text
