# call: f(3) == True
# verdict: pass
import random


def f(n):
    return random.Random(n).random() == random.Random(n).random()
