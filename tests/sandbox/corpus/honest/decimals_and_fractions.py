# call: f(3) == ['0.3', '1/3']
# verdict: pass
from decimal import Decimal
from fractions import Fraction


def f(n):
    return [str(Decimal(n) / 10), str(Fraction(1, n))]
