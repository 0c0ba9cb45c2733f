"""Bugs planted in packages of the index, and what Atlas makes of them.

`packages` gets one with its environment, `natively` runs its tests, `bugs` plants, `hiding` takes
tests away, `trial` lets Atlas at it and scores, `tables` tells.
"""
