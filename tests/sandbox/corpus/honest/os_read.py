# program: '1 2 3' -> '6'
# verdict: pass
import os

os.write(1, str(sum(map(int, os.read(0, 1000).split()))).encode())
