# call: f(3) == [1, 2, [1, 3, 2]]
# verdict: pass
import bisect
import heapq
from collections import Counter, deque


def f(n):
    heap = [3, 1, 2]
    heapq.heapify(heap)
    ring = deque([1, 2, 3])
    ring.rotate(1)
    return [bisect.bisect([1, 3], 2), Counter("aab")["a"], heap]
