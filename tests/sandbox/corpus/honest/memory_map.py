# call: f(b'abc') == b'cba'
# verdict: pass
# cpu: 5
import mmap


def f(data):
    with open('m', 'w+b') as file:
        file.write(data)
        file.flush()
        with mmap.mmap(file.fileno(), 0) as view:
            return view[::-1]
