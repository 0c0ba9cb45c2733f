# program: '' -> 'ok'
# verdict: pass
import sys

sys.stdout.buffer.write(b"ok\n")
