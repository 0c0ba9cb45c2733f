# program: '2\n3\n4\n' -> '7'
# verdict: pass
n = int(input())
print(sum(int(input()) for _ in range(n)))
