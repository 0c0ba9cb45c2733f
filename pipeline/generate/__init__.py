"""The model writes candidates: probe, plans, framings."""
