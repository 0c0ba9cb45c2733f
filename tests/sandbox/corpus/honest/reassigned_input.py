# program: '3\n4\n' -> '7'
# verdict: pass
import sys

input = sys.stdin.readline
print(int(input()) + int(input()))
