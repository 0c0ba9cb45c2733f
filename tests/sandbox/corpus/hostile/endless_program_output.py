# program: '' -> '9'
# verdict: output_limit
while True:
    print("x" * 10_000)
