"""Inputs for a function or a program: from types, values, examples and samples."""
