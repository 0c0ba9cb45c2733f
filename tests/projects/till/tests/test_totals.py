import pytest
import till.totals
from till import discounted, listed, quick_sum, share


def test_ten_percent_off():
    assert discounted(10, 10) == 900


@pytest.mark.parametrize(("price", "percent", "wanted"), [(1, 50, 50), (20, 25, 1500)])
def test_discounts(price, percent, wanted):
    assert discounted(price, percent) == wanted


def test_nothing_off():
    assert discounted(3, 0) == 300


@pytest.mark.slow
def test_it_is_a_function(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(till.totals, "cents", lambda amount: round(amount, 2))
    print(tmp_path.name)
    assert (discounted(1, 0), bool(capsys.readouterr().out)) == (1, True)


class TestShare:
    def test_even(self):
        assert share(10, 5) == (2, 0)

    def test_rest(self):
        assert share(11, 5) == (2, 1)

    def test_nobody(self):
        with pytest.raises(ZeroDivisionError):
            share(1, 0)


def test_sum():
    assert quick_sum([1, 2, 3]) == 6


def test_sum_of_one():
    assert quick_sum([4]) == 4


def test_listed_runs():
    try:
        listed(["b", "a"])
    except Exception:
        pass
