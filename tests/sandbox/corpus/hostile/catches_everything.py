# call: f(3) == 9
# verdict: timeout_cpu
# cpu: 0.3
def f(n):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
