# program: '5' -> '5'
# verdict: pass
print(input())
exit()
