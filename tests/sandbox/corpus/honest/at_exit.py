# program: '' -> 'bye'
# verdict: pass
import atexit

atexit.register(print, "bye")
