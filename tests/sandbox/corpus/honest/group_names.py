# call: f() == (0, "root")
# verdict: pass
# cpu: 5
import grp
import pwd


def f():
    return pwd.getpwnam('root').pw_uid, grp.getgrgid(0).gr_name
