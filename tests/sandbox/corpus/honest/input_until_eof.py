# program: '1\n2\n3' -> '6'
# verdict: pass
total = 0
while True:
    try:
        total += int(input())
    except EOFError:
        break
print(total)
