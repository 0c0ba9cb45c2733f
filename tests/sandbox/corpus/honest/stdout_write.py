# program: '' -> 'a b'
# verdict: pass
import sys

sys.stdout.write("a b")
