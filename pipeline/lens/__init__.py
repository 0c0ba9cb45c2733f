"""The Geometric Lens: an energy over the model's hidden states, low where code is likely right.

`score` is what the pipeline calls and needs numpy only; `harvest`, `measure` and `train` make one.
"""
