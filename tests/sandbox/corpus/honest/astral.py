# call: f(2) == '🚀🚀'
# verdict: pass
def f(n):
    return "🚀" * n
