# program: '1 2 3' -> '6'
# verdict: pass
print(sum(map(int, open("/dev/stdin").read().split())))
