"""A function that no small model and no small edit gets right: a job on it goes on and on."""

EXAMPLES = "".join(f"    >>> f({n})\n    {n**7 % 9973}\n" for n in range(5, 11))
HOPELESS = f'def f(n):\n    """Out of reach.\n\n{EXAMPLES}    """\n'
