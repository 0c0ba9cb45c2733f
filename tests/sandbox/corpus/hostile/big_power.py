# call: f(3) == 9
# verdict: timeout_cpu | memory
# cpu: 0.5
def f(n):
    return 9**9**9 % 10
