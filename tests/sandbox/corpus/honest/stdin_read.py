# program: '1 2 3' -> '6'
# verdict: pass
import sys

print(sum(map(int, sys.stdin.read().split())))
