# call: f("1 + 1") == "2"
# verdict: pass
# cpu: 5
import pathlib
import subprocess
import sys


def f(source):
    pathlib.Path("beside.py").write_text("def show(x):\n    print(x)\n")
    pathlib.Path("run.py").write_text(f"import beside\nbeside.show({source})\n")
    done = subprocess.run([sys.executable, "run.py"], capture_output=True, text=True, check=True)
    return done.stdout.strip()
