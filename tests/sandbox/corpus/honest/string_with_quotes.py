# call: f("it's") == 'it\'s "quoted"'
# verdict: pass
def f(text):
    return f'{text} "quoted"'
