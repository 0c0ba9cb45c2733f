"""Where a module lives: its import root, its sources, its environment, its way to run examples.

Everything is read from files; nothing of the project, nor its interpreter, is run here.
"""
