# call: f() == (True, "own_file", "data")
# verdict: pass
import os
from pathlib import Path


def f():
    """own_file"""
    text = open(__file__).read()
    beside = Path(__file__).with_name("beside.txt")
    beside.write_text("data")
    is_here = os.path.isabs(__file__) and "def f():" in text
    return is_here, text.partition('"""')[2].partition('"""')[0], open("beside.txt").read()
