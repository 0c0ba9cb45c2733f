# call: f(3) == {0: 0, 1: 1, 2: 4}
# verdict: pass
# cpu: 10
import multiprocessing

context = multiprocessing.get_context("fork")


def put(shared, n):
    shared[n] = n * n


def f(n):
    with context.Manager() as manager:
        shared = manager.dict()
        for i in range(n):
            process = context.Process(target=put, args=(shared, i))
            process.start()
            process.join()
        return dict(shared)
