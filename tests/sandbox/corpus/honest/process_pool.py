# call: f([1, 2, 3]) == [1, 4, 9]
# verdict: pass
# cpu: 10
import multiprocessing


def square(n):
    return n * n


def f(ns):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(square, ns)
