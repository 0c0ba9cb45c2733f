# call: f("text") == "text"
# verdict: pass
# only: docker
from pathlib import Path


def f(text):
    folder = Path.home() / ".cache" / "thing"
    folder.mkdir(parents=True)
    path = folder / "file"
    path.write_text(text)
    return path.read_text()
