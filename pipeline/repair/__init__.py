"""The model mends: what it is shown, which move it makes, what was learnt."""
