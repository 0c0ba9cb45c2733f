# program: '3000' -> '3000'
# verdict: pass
import sys
import threading

sys.setrecursionlimit(10_000)
threading.stack_size(1 << 25)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


def main():
    print(depth(int(input())))


thread = threading.Thread(target=main)
thread.start()
thread.join()
