# program: '3' -> '9'
# verdict: runtime_error
import sys

print(9)
sys.exit(3)
