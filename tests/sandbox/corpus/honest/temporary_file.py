# call: f('x') == 'x'
# verdict: pass
import tempfile


def f(text):
    with tempfile.TemporaryFile("w+") as file:
        file.write(text)
        file.seek(0)
        return file.read()
