# call: f(3) == {'3': 3}
# verdict: pass
from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def f(n: T) -> dict[str, T]:
    return {str(n): n}
