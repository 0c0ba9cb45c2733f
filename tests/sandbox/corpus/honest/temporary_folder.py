# call: f(3) == ['0', '1', '2']
# verdict: pass
import pathlib
import tempfile


def f(n):
    with tempfile.TemporaryDirectory() as folder:
        for i in range(n):
            pathlib.Path(folder, str(i)).touch()
        return sorted(path.name for path in pathlib.Path(folder).iterdir())
