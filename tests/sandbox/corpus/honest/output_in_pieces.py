# program: '' -> '\n'.join(str(i) for i in range(50000))
# verdict: pass
for i in range(50_000):
    print(i)
