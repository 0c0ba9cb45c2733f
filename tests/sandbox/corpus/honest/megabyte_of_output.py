# program: '' -> 'x' * 900000
# verdict: pass
print("x" * 900_000)
