# call: f('x') == -1
# verdict: pass
def f(text):
    try:
        return int(text)
    except ValueError:
        return -1
