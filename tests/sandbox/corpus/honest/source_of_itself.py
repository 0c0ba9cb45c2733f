# call: f() == 'return n + 1'
# verdict: pass
# cpu: 5
import inspect


def g(n):
    return n + 1


def f():
    return inspect.getsource(g).splitlines()[1].strip()
