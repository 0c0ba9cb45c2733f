# call: f(3) == 9
# verdict: missing_module
import no_such_module_at_all


def f(n):
    return 9
