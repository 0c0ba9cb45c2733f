"""The lens and the posterior are made here: harvest, train, fit, measure."""
