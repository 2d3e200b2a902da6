"""Currencies: how many decimals an amount has, and what prices in it customarily end in. No Django here."""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final

STORED_DECIMALS: Final = 4
"""Decimals of every stored price: more than any currency of the table has."""

_STORED: Final = Decimal(1).scaleb(-STORED_DECIMALS)


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency, and how amounts of it are rounded and written.

    Attributes
    ----------
    code : ISO 4217.
    decimals : of its smallest unit, by ISO 4217: 2 for EUR (a cent), 0 for JPY, 3 for KWD.
    endings : last digits that prices end in where the shop states none, each of the same length and written in the
        smallest unit: "99" is .99 in EUR, "980" is 980 yen, "900" is .900 in KWD.
    """

    code: str
    decimals: int = 2
    endings: tuple[str, ...] = ("49", "99")

    @property
    def per_one(self) -> int:
        """Smallest units in an amount of 1."""
        return int(10**self.decimals)

    @property
    def unit(self) -> Decimal:
        """The smallest unit as an amount."""
        return Decimal(1).scaleb(-self.decimals)

    @property
    def highest(self) -> Decimal:
        """The highest price that can be stored, eight digits before the point."""
        return 10**8 - self.unit

    @property
    def ending_digits(self) -> int:
        """How many digits an ending has."""
        return len(self.endings[0])

    def price(self, value: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
        """Round an amount to the smallest unit."""
        return value.quantize(self.unit, rounding)

    def money(self, amount: float) -> Decimal | None:
        """Return a float as an amount, or None where it is not a finite number. Halves go to even."""
        if not math.isfinite(amount):
            return None
        # repr is the shortest decimal that means this float: 12.345, not 12.3450000000000006.
        return self.price(Decimal(repr(float(amount))), ROUND_HALF_EVEN)

    def exact(self, value: Decimal) -> Decimal:
        """Return a price with the currency's decimals, or with four where it is no multiple of the smallest unit."""
        whole = self.price(value)
        return whole if whole == value else value.quantize(_STORED)

    def of_units(self, units: int) -> Decimal:
        """Return a number of smallest units as an amount."""
        return Decimal(units).scaleb(-self.decimals)

    def fits(self, value: Decimal) -> bool:
        """Whether an amount is a multiple of the smallest unit."""
        return value == self.price(value)

    def text(self, amount: Decimal | float, sign: str = "") -> str:
        """Write an amount with thousands separated: 1,234.50, or 1,235 in yen."""
        return f"{amount:{sign},.{self.decimals}f}"


def _three(code: str) -> Currency:
    return Currency(code, 3, ("490", "990"))


# Decimals: ISO 4217, list one. Endings follow what the shelves of the place show (docs/decisions/0021-money-of-the-
# currency.md); where nothing else is known of a currency with two decimals, .49 and .99 as before.
_TABLE: Final = (
    *map(Currency, ("AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CNY", "EGP", "EUR", "GBP", "HKD", "ILS", "MAD", "MXN")),
    *map(Currency, ("MYR", "NZD", "PEN", "PHP", "PLN", "QAR", "RON", "RSD", "SAR", "SGD", "THB", "TRY", "UAH", "USD")),
    *map(Currency, ("UYU", "ZAR")),
    Currency("CHF", 2, ("45", "90", "95")),
    *(Currency(code, 2, ("490", "900", "990")) for code in ("DKK", "NOK", "SEK")),
    *(Currency(code, 2, ("4900", "9000", "9900")) for code in ("CZK", "HUF")),
    *(Currency(code, 2, ("4900", "9900")) for code in ("INR", "KES", "NGN", "PKR", "TWD")),
    Currency("IDR", 2, ("50000", "90000")),
    Currency("JPY", 0, ("80", "98")),
    Currency("KRW", 0, ("500", "900")),
    *(Currency(code, 0, ("490", "990")) for code in ("CLP", "ISK", "PYG")),
    Currency("VND", 0, ("000", "500")),
    *map(_three, ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")),
)  # fmt: skip

CURRENCIES: Final = {currency.code: currency for currency in _TABLE}

SIGNS: Final = {"EUR": "\u20ac", "GBP": "\u00a3", "USD": "$"}
"""Signs that people write for a currency; other currencies go by their codes."""

TWO_DECIMALS: Final = CURRENCIES["GBP"]
"""What the mathematics takes where nobody says which currency it is."""


class UnknownCurrency(ValueError):
    """A currency that is not in the table."""

    def __init__(self, code: str) -> None:
        known = ", ".join(sorted(CURRENCIES))
        super().__init__(f"SHOP_CURRENCY is {code!r}, which is none of the currencies known: {known}.")


def find_currency(code: str) -> Currency:
    """Return a currency by its ISO 4217 code, in any case.

    Raises
    ------
    UnknownCurrency : it is not in the table.
    """
    try:
        return CURRENCIES[code.strip().upper()]
    except KeyError:
        raise UnknownCurrency(code) from None
