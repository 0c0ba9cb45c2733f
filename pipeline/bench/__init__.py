"""The headless benchmark; the process that solves never holds a hidden test.

`publish` (its own process) splits a suite and hands over the public part, `run` solves it,
`scorer` (its own process) checks the answers' hash and runs the hidden tests once.
`formats/` reads suites and judges their answers, a module each, on the hidden side; `asking/` puts
tasks to a model, a module for each kind, on the solver's.
"""
