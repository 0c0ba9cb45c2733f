# program: '3\r\n4\r\n' -> '7'
# verdict: pass
print(int(input()) + int(input()))
