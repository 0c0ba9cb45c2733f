# program: '' -> 'a b'
# verdict: pass
print("a", flush=True)
print("b", flush=True)
