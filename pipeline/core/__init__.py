"""Nouns that every room shares, and how a model is asked and stopped."""
