# call: f("ab") == "abab"
# verdict: pass
# cpu: 5
import io
import tarfile
import zipfile


def f(text):
    with zipfile.ZipFile('a.zip', 'w') as file:
        file.writestr('x', text)
    with tarfile.open('a.tar.gz', 'w:gz') as file:
        info = tarfile.TarInfo('x')
        info.size = len(text)
        file.addfile(info, io.BytesIO(text.encode()))
    with zipfile.ZipFile('a.zip') as one, tarfile.open('a.tar.gz') as two:
        return one.read('x').decode() + two.extractfile('x').read().decode()
