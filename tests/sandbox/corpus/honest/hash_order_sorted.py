# call: f('b a c') == ['a', 'b', 'c']
# verdict: pass
def f(text):
    return sorted(set(text.split()))
