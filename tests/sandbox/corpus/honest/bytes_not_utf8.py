# program: '' -> bytes:ff0a
# verdict: pass
import sys

sys.stdout.buffer.write(b"\xff\n")
