# call: f() == (5, "IST")
# verdict: pass
import os
import time


def f():
    os.environ["TZ"] = "Asia/Kolkata"
    time.tzset()
    return time.localtime(0).tm_hour, time.tzname[0]
