"""A line for people."""

from tally.figures import clamp, mean
from tally.words import shorten


def headline(title, figures, width=12):
    return f"{shorten(title, width)}: {clamp(mean(figures), 0, 100):g}"
