# call: f(3) == '9'
# verdict: pass
import subprocess
import sys


def f(n):
    done = subprocess.run(
        [sys.executable, "-c", f"print({n} ** 2)"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
