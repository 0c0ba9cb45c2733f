"""A shop."""

from .cart import Cart
from .money import Money

__all__ = ["Cart", "Money"]
