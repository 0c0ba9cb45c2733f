# call: f(3) == 9
# verdict: timeout_cpu
# only: docker
# cpu: 0.6
# wall: 60
import signal
import subprocess
import sys

signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def f(n):
    for _ in range(40):
        source = "t = __import__('time'); e = t.process_time() + 0.1\nwhile t.process_time() < e: pass"
        subprocess.Popen([sys.executable, "-S", "-c", source]).wait()
    return n * n
