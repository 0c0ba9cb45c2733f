# call: f(3) == 9
# verdict: runtime_error
# only: docker
def f(n):
    with open("/usr/x", "w") as file:
        file.write("x")
    return 9
