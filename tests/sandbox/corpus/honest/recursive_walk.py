# call: f(5) == 5
# verdict: pass
# cpu: 5
import os


def f(n):
    os.makedirs('/'.join(f'd{i}' for i in range(n)))
    return sum(len(folders) for _, folders, _ in os.walk('.'))
