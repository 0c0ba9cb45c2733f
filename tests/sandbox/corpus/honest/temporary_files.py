# call: f(3) == [b"0", b"1", b"2"]
# verdict: pass
import tempfile


def f(n):
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(n):
            with tempfile.NamedTemporaryFile(dir=folder) as file:
                file.write(str(i).encode())
                file.flush()
                with open(file.name, "rb") as again:
                    found.append(again.read())
    return found
