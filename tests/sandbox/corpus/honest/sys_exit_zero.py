# program: '5' -> '5'
# verdict: pass
import sys

print(input())
sys.exit(0)
