"""Recorded candidates of other models, and the fit of the posterior to them."""
