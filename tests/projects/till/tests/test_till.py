import unittest

from till import Till


class TillTest(unittest.TestCase):
    def setUp(self):
        self.till = Till()

    def test_empty(self):
        self.assertEqual(self.till.total(), 0)

    def test_receipt(self):
        self.assertEqual(self.till.add(2).receipt(), "2.00")

    def test_two(self):
        self.assertEqual(self.till.add(2).add(0.5).total(), 250)


def test_fixture(till):
    assert till.receipt() == "1.50"
