# call: f(7) == 7
# verdict: pass
# cpu: 5
import copy
import pickle
from dataclasses import dataclass


@dataclass
class Point:
    x: int


def f(n):
    again = pickle.loads(pickle.dumps(Point(n)))
    return copy.deepcopy(again).x
