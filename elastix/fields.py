"""Model fields and constraints that make SQLite and PostgreSQL accept the same values in the same order."""

import os
import threading
import time
import uuid
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from functools import reduce
from operator import or_
from typing import Any, overload

from django.core.validators import DecimalValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from elastix.currency import STORED_DECIMALS
from elastix.shop import shop_currency

models.CharField.register_lookup(Length)

LOWEST_STORED_PRICE, HIGHEST_STORED_PRICE = Decimal("0.0001"), Decimal("99999999.9999")


class SortedCharField(models.CharField):  # type: ignore[type-arg]
    """Text that sorts by code point on every database (collation C; SQLite's BINARY is the same order)."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        parameters["collation"] = "C" if connection.vendor == "postgresql" else None
        return parameters


QUANTITY_PLACES = 3


def as_quantity(value: Decimal | float) -> int | Decimal:
    """Units to 3 decimals: an int where they are whole, so that 5 is written as 5 wherever it is shown.

    SQLite adds fractions up in floating point; the sums are exact again after this.
    """
    if isinstance(value, int):
        return value
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-QUANTITY_PLACES), ROUND_HALF_UP)
    whole = int(exact)
    return whole if whole == exact else exact.normalize()


@overload
def as_number(value: None) -> None: ...
@overload
def as_number(value: Decimal | int) -> int | float: ...
def as_number(value: Decimal | int | None) -> int | float | None:
    """The same for calculations and JSON."""
    return float(value) if isinstance(value, Decimal) else value


class QuantityField(models.DecimalField):  # type: ignore[type-arg]
    """Units, exact to 3 decimals (weighed goods); see `as_quantity` for what is read.

    Whole numbers take no more room than in an integer column: SQLite stores them as integers.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 18)
        super().__init__(*args, **kwargs | {"decimal_places": QUANTITY_PLACES})

    def from_db_value(self, value: Decimal | None, expression: Any, connection: Any) -> int | Decimal | None:
        return None if value is None else as_quantity(value)


def validate_price(value: Decimal) -> None:
    """At least the smallest unit of the shop's currency, no more decimals than it has, and room in the column."""
    currency = shop_currency()
    MinValueValidator(currency.unit)(value)
    MaxValueValidator(currency.highest)(value)
    DecimalValidator(8 + currency.decimals, currency.decimals)(value)


class PriceField(models.DecimalField):  # type: ignore[type-arg]
    """A price in the shop's currency, above 0.

    The column has four decimals, enough for any currency. Everybody else sees the currency's: what is read has them, and
    so have forms, the admin's lists and serializers, which go by `decimal_places` and `max_digits`.
    """

    default_validators = [validate_price]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"max_digits": 8 + STORED_DECIMALS, "decimal_places": STORED_DECIMALS}))

    # Django makes the column's type from __dict__.
    @property
    def decimal_places(self) -> int:
        return shop_currency().decimals

    @decimal_places.setter
    def decimal_places(self, places: int) -> None:
        self.__dict__["decimal_places"] = places

    @property
    def max_digits(self) -> int:
        return 8 + shop_currency().decimals

    @max_digits.setter
    def max_digits(self, digits: int) -> None:
        self.__dict__["max_digits"] = digits

    @property
    def context(self) -> Context:
        return Context(prec=8 + STORED_DECIMALS)

    @property
    def validators(self) -> list[Any]:
        return [*self.default_validators, *self._validators]  # type: ignore[attr-defined]

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else shop_currency().price(value, ROUND_HALF_EVEN)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return value
        return connection.ops.adapt_decimalfield_value(
            self.to_python(value), 8 + STORED_DECIMALS, STORED_DECIMALS
        )


def price_check(field: str, table: str) -> models.CheckConstraint:
    """A CHECK that a price is above 0 and fits; how fine it may be is up to the currency, which no table knows."""
    return range_check(field, LOWEST_STORED_PRICE, HIGHEST_STORED_PRICE, table)


def length_check(field: str, limit: int, table: str) -> models.CheckConstraint:
    """A CHECK on the length of a text column: SQLite does not enforce max_length by itself."""
    return models.CheckConstraint(
        condition=LessThanOrEqual(Length(models.F(field)), limit), name=f"{table}_{field}_length"
    )


def choice_check(
    field: str, choices: type[models.TextChoices], table: str, *, blank: bool = False
) -> models.CheckConstraint:
    """A CHECK that a column holds one of the choices, or the empty text if that is allowed.

    Written with OR: for IN, SQLite builds a small index again for every row that is written.
    """
    values = [*choices.values, *([""] if blank else [])]
    condition = reduce(or_, (models.Q(**{field: value}) for value in values))
    return models.CheckConstraint(condition=condition, name=f"{table}_{field}_choice")


def range_check(field: str, low: Any, high: Any, table: str) -> models.CheckConstraint:
    """low <= field <= high (None: no limit); NULL passes, as in SQL."""
    condition = models.Q()
    if low is not None:
        condition &= models.Q(**{f"{field}__gte": low})
    if high is not None:
        condition &= models.Q(**{f"{field}__lte": high})
    return models.CheckConstraint(condition=condition, name=f"{table}_{field}_range")


_uuid7_lock = threading.Lock()
_uuid7_last = 0


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7), strictly increasing within this process."""
    return uuid.UUID(hex=uuid7_block(1)[0])


def uuid7_block(count: int) -> list[str]:
    """`count` increasing version 7 UUIDs in hex: 48 bits of milliseconds, 12 + 14 of a counter, 48 random ones.

    The clock and the counter form one number that only grows, so ids stay ordered when the clock steps back
    or more than 2**26 are asked for within a millisecond.
    """
    global _uuid7_last
    with _uuid7_lock:
        first = max(_uuid7_last + 1, (time.time_ns() // 1_000_000) << 26)
        _uuid7_last = first + count - 1
    random = os.urandom(6 * count).hex()
    return [
        f"{number >> 26:012x}7{number >> 14 & 0xFFF:03x}{0x8000 | number & 0x3FFF:04x}{random[12 * index : 12 * index + 12]}"
        for index, number in enumerate(range(first, first + count))
    ]
