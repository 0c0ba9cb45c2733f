# call: f("ab") == "ab ab"
# verdict: pass
# cpu: 5
import subprocess


def f(text):
    line = f'echo {text} | while read x; do echo $x $x; done'
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    return done.stdout.strip()
