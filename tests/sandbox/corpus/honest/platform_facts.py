# call: f() == (("Linux", "3", "little"), True, True)
# verdict: pass
# cpu: 5
import os
import platform
import sys


def f():
    facts = (platform.system(), platform.python_version_tuple()[0], sys.byteorder)
    return facts, os.cpu_count() >= 1, len(platform.node()) > 0
