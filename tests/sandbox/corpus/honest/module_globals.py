# program: '5' -> '5 1'
# verdict: pass
n = int(input())
calls = 0


def work():
    global calls
    calls += 1
    return n


print(work(), calls)
