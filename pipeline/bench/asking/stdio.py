"""A program that reads and prints: asked as a function is, only its Task is another."""

from pipeline.bench.asking.function import answer

__all__ = ["answer"]
