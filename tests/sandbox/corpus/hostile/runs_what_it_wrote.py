# call: f(3) == 9
# verdict: runtime_error
# only: docker
import os
import subprocess


def f(n):
    for folder in ('/dev/shm', '/tmp'):
        path = folder + '/x'
        with open(path, 'w') as file:
            file.write('#!/bin/sh\n')
        os.chmod(path, 0o755)
        subprocess.run([path], check=True)
    return n * n
