# program: '' -> '9'
# verdict: runtime_error
print(int(input()))
