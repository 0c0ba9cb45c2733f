# call: f() == True
# verdict: pass
# cpu: 5
import datetime
import time


def f():
    offset = datetime.datetime.fromtimestamp(0).astimezone().utcoffset()
    return offset.total_seconds() == -time.timezone
