# call: f(3) == [1, 2, 3]
# verdict: pass
class Counter:
    n = 0

    def tick(self):
        Counter.n += 1
        return Counter.n


def f(n):
    return [Counter().tick() for _ in range(n)]
