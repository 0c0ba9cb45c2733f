# call: f(4) == [0, 1, 2, 3]
# verdict: pass
# cpu: 10
import multiprocessing

context = multiprocessing.get_context("fork")


def give(queue, n):
    for i in range(n):
        queue.put(i)


def f(n):
    queue = context.Queue()
    process = context.Process(target=give, args=(queue, n))
    process.start()
    got = [queue.get() for _ in range(n)]
    process.join()
    return got
