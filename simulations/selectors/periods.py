"""Which days the figures of a projection are of, and which price it starts from: every answer names both."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from elastix.dataset.models import DataVersion
from pricing.sales.core.calendar import MONTH_DAYS

ALL_SALES: Final = "all_sales"
NEXT_30_DAYS: Final = "next_30_days"
BETWEEN_DAYS: Final = "between_days"
PERIODS: Final = (ALL_SALES, NEXT_30_DAYS)
PERIOD_KINDS: Final = (*PERIODS, BETWEEN_DAYS)

AVERAGE_PAID: Final = "average_paid"
PRESENT_PRICE: Final = "present_price"
BASES: Final = (AVERAGE_PAID, PRESENT_PRICE)
ONLY_PRESENT_PRICE: Final = (PRESENT_PRICE,)
"""What the present price of a projection is: the mean of what was paid in the period, or what is charged today."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days that figures are of, both inclusive; None where nothing was sold yet."""

    kind: str
    start_date: dt.date | None
    end_date: dt.date | None

    @property
    def days(self) -> int | None:
        if self.start_date is None or self.end_date is None:
            return None
        return (self.end_date - self.start_date).days + 1


def past_days(version: DataVersion, start_date: dt.date | None, end_date: dt.date | None) -> Period:
    """The days of the sales between two days, or all of them."""
    last = version.as_of - dt.timedelta(days=1) if version.as_of else None
    kind = BETWEEN_DAYS if start_date or end_date else ALL_SALES
    return Period(kind, start_date or version.first_day, end_date or last)


def coming_days(version: DataVersion) -> Period:
    """The 30 days from the as-of date on, which prices are projected for."""
    first = version.as_of
    return Period(NEXT_30_DAYS, first, first + dt.timedelta(days=MONTH_DAYS - 1) if first else None)
