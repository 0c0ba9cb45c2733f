"""The formats of task suites, a module each; hidden tests pass through here.

A module gives `SUITE`; a new one is found by being here. What it yields are pairs of a public
task and its grader; how the public part is put to a model stands in `pipeline.bench.asking`.
"""
