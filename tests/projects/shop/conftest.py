import pytest

RATE = 25


@pytest.fixture(autouse=True)
def names(doctest_namespace):
    doctest_namespace["vat"] = RATE
