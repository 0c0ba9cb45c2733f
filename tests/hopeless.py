"""A function that no small model and no small edit gets right: a job on it goes on and on."""

EXAMPLES = "".join(f"    >>> f({n})\n    {n**7 % 9973}\n" for n in range(5, 11))
SLOW = "    >>> import time; time.sleep(1.5)\n"
"""Each run of the examples takes that long, and no CPU."""
HOPELESS = f'def f(n):\n    """Out of reach.\n\n{SLOW}{EXAMPLES}    """\n'
