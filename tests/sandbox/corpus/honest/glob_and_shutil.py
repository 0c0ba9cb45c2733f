# call: f() == ['b/x.txt', 'b/y.txt', 'b/z.txt']
# verdict: pass
# cpu: 5
import glob
import os
import shutil


def f():
    os.mkdir('a')
    for name in 'xyz':
        open(f'a/{name}.txt', 'w').close()
    shutil.copytree('a', 'b')
    shutil.rmtree('a')
    return sorted(glob.glob('**/*.txt', recursive=True))
