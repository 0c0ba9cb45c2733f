from tally.words import initials, shorten


def test_initials():
    assert initials("Ada King Lovelace") == "AKL"


def test_shorten():
    assert shorten("a long sentence", 10) == "a long ..."


def test_shorten_to_little():
    assert shorten("abcdefgh", 4) == "a..."


def test_shorten_leaves_what_fits():
    assert shorten("short", 10) == "short"
    assert shorten("exact", 5) == "exact"
    assert shorten("", 0) == ""
