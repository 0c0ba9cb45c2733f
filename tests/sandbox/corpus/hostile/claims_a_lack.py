# call: f(3) == 9
# verdict: runtime_error
def f(n):
    raise ModuleNotFoundError("No module named 'numpy'", name="numpy")
