# call: f(3) == ['RED', 3]
# verdict: pass
from dataclasses import dataclass
from enum import Enum


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Point:
    x: int
    colour: Colour


def f(n):
    point = Point(n, Colour(1))
    return [point.colour.name, point.x]
