"""The headless benchmark; the process that solves never holds a hidden test.

`publish` (its own process) splits a suite and hands over the public part, `run` solves it,
`scorer` (its own process) checks the answers' hash and runs the hidden tests once.
"""
