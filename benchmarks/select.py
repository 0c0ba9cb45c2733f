"""`python -m benchmarks.select`, also as `python benchmarks/select.py`: see `selection.py`.

Run as a script, any file of this folder would hide the standard library's `select` behind this one,
and the package `sandbox` behind its namesake here: the folder is taken off the path then.
"""

from __future__ import annotations

import sys

here = __file__.rpartition("/")[0]
if here in sys.path:
    sys.path[:] = [here.rpartition("/")[0] or ".", *(path for path in sys.path if path != here)]

if __name__ == "select":
    del sys.modules["select"]
    __import__("select")
elif __name__ == "__main__":
    from benchmarks.selection import main

    sys.exit(main())
