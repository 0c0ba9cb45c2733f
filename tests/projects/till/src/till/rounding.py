def cents(amount):
    return int(100 * amount + 0.5)
