# call: f(3) == 9
# verdict: syntax_error
def f(n):
    return "\x00" "unclosed
