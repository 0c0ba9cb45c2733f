from tally.report import headline


def test_headline():
    assert headline("Rain", [2, 4]) == "Rain: 3"


def test_long_headline():
    assert headline("Rain in the north", [2, 4]) == "Rain in t...: 3"
