# call: f([3, 1, 2]) == [1, 2, 3]
# verdict: pass
# cpu: 10
import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def f(ns):
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        return sorted(pool.map(abs, ns))
