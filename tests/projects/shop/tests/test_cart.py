from shop import Cart, Money


def test_subtotal():
    assert Cart((("2", 2),)).subtotal() == Money(400)
