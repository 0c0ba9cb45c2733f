# program: '3\n' -> '9'
# verdict: pass
print(int(input()) ** 2)
