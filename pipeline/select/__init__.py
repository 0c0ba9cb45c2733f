"""Which candidate is chosen, how sure we are, and where those that pass differ."""
