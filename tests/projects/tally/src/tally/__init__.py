"""Figures and words; two functions are wrong, and so is one test."""
