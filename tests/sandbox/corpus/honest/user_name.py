# call: f() == (True, True, True)
# verdict: pass
import getpass
import os
import pwd


def f():
    user = pwd.getpwuid(os.getuid())
    home = os.path.expanduser("~")
    return getpass.getuser() == user.pw_name, home == user.pw_dir, os.path.isdir(home)
