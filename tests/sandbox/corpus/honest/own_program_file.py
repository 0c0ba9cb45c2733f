# program: "" -> "True\n"
# verdict: pass
import os

with open(__file__) as file:
    print("os.path" in file.read() and os.path.exists(os.path.abspath(__file__)))
