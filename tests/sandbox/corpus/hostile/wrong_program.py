# program: '3' -> '9'
# verdict: wrong_answer
print(int(input()) + 1)
