# call: f() == True
# verdict: pass
# cpu: 5
import ssl


def f():
    return ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
