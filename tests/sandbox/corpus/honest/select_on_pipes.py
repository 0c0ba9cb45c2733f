# call: f() == [True]
# verdict: pass
# cpu: 5
import os
import selectors


def f():
    read, write = os.pipe()
    with selectors.DefaultSelector() as ready:
        ready.register(read, selectors.EVENT_READ)
        os.write(write, b'x')
        return [key.fd == read for key, _ in ready.select(1)]
