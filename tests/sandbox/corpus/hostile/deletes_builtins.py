# call: f(3) == 9
# verdict: wrong_answer | runtime_error | no_result | bad_result | crash
import builtins

for name in list(vars(builtins)):
    if not name.startswith("__"):
        delattr(builtins, name)


def f(n):
    return 0
