# program: '1\n2\n3\n' -> '6'
# verdict: pass
import sys

print(sum(int(line) for line in sys.stdin))
