# program: '' -> 'a b'
# verdict: pass
print("a", end=" ")
print("b", end="")
