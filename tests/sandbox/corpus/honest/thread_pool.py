# call: f(4) == [0, 1, 4, 9]
# verdict: pass
from concurrent.futures import ThreadPoolExecutor


def f(n):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda x: x * x, range(n)))
