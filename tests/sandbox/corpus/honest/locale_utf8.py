# call: f() == ("UTF-8", ["a", "b", "\u00e4"])
# verdict: pass
import locale


def f():
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    return locale.nl_langinfo(locale.CODESET), sorted(["\u00e4", "b", "a"], key=locale.strxfrm)
