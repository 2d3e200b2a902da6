"""Currencies: decimals, endings, rounding."""

from decimal import Decimal

import pytest

from elastix.currency import CURRENCIES, STORED_DECIMALS, UnknownCurrency, find_currency


@pytest.mark.parametrize(
    ("code", "decimals", "unit", "highest"),
    [("GBP", 2, "0.01", "99999999.99"), ("JPY", 0, "1", "99999999"), ("KWD", 3, "0.001", "99999999.999")],
)
def test_a_currency_has_the_decimals_of_iso_4217(code: str, decimals: int, unit: str, highest: str) -> None:
    currency = find_currency(code)
    assert (currency.decimals, currency.unit, currency.highest) == (decimals, Decimal(unit), Decimal(highest))
    assert currency.per_one * currency.unit == 1


@pytest.mark.parametrize("written", ["jpy", " JPY", "Jpy\n"])
def test_a_code_may_be_written_in_any_case(written: str) -> None:
    assert find_currency(written).code == "JPY"


@pytest.mark.parametrize("written", ["", "YEN", "BTC", "GB", "GBP EUR"])
def test_an_unknown_currency_is_refused_and_the_known_ones_are_named(written: str) -> None:
    with pytest.raises(UnknownCurrency, match=r"none of the currencies known: AED, .*GBP.*JPY.*KWD"):
        find_currency(written)


@pytest.mark.parametrize("currency", CURRENCIES.values(), ids=str)
def test_the_endings_of_a_currency_are_digits_of_one_length_and_every_price_fits_its_column(currency) -> None:
    assert {len(ending) for ending in currency.endings} == {currency.ending_digits}
    assert all(ending.isascii() and ending.isdigit() for ending in currency.endings)
    assert currency.decimals < STORED_DECIMALS


def test_amounts_are_rounded_to_the_smallest_unit() -> None:
    yen, dinar = find_currency("JPY"), find_currency("KWD")
    assert [str(each.price(Decimal("577.4955"))) for each in (yen, dinar)] == ["577", "577.496"]
    assert [str(each.money(0.5)) for each in (yen, dinar)] == ["0", "0.500"]
    assert dinar.money(float("inf")) is None and yen.money(float("nan")) is None
    assert [str(each.of_units(1375)) for each in (yen, dinar)] == ["1375", "1.375"]
    assert [each.fits(Decimal("1.375")) for each in (yen, dinar)] == [False, True]
    assert [str(each.exact(Decimal("1.3750"))) for each in (yen, dinar)] == ["1.3750", "1.375"]
    assert [each.text(Decimal("1234.5"), "+") for each in (yen, dinar)] == ["+1,234", "+1,234.500"]
