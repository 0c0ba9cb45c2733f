# call: f(5) == 5
# verdict: pass
# cpu: 10
import multiprocessing

context = multiprocessing.get_context("fork")


def add(value):
    with value.get_lock():
        value.value += 1


def f(n):
    value = context.Value("i", 0)
    processes = [context.Process(target=add, args=(value,)) for _ in range(n)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return value.value
