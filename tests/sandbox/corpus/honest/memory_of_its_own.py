# call: f() == True
# verdict: pass
import os
import resource


def f():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0 < pages * os.sysconf("SC_PAGESIZE") <= 4 * peak_kb * 1024
