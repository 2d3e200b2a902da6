"""Forecasts as level, trend and seasonal components: a few numbers for each product that answer any horizon."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, weekday_of

MONTHS: Final = 12
DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Components:
    """Forecasts of P products from the day `since` on: (level + slope x days ahead) x weekday x month, at least 0.

    Attributes
    ----------
    since : the day after the sales they rest on, as days since 1970-01-01.
    level, slope : (P,) units a day, and how many more each day brings.
    weekdays : (P, 7) index of each weekday, Monday first.
    months : (P, 12) index of each month, January first.
    """

    since: int
    level: FloatArray
    slope: FloatArray
    weekdays: FloatArray
    months: FloatArray

    def units(self, first_day: int, days: int, trend_days: int | None = None) -> FloatArray:
        """(P, days) units expected on each day from `first_day` on; the trend ends after a given number of days, if any."""
        day = np.arange(first_day, first_day + days)
        ahead = day - self.since if trend_days is None else np.minimum(day - self.since, trend_days)
        level = self.level[:, None] + self.slope[:, None] * ahead
        found = level * self.weekdays[:, weekday_of(day)] * self.months[:, month_of(day)]
        return np.asarray(np.maximum(found, 0.0))

    def take(self, products: IntArray) -> Self:
        """Those of some products."""
        return type(self)(
            self.since,
            *(each[products] for each in (self.level, self.slope, self.weekdays, self.months)),
        )

    def as_json(self, product: int) -> dict[str, Any]:
        """Those of one product as they are stored."""
        weekdays, months = (
            [round(each, DIGITS) for each in row[product].tolist()] for row in (self.weekdays, self.months)
        )
        level, slope = round(float(self.level[product]), DIGITS), round(float(self.slope[product]), DIGITS)
        return {"since": self.since, "level": level, "slope": slope, "weekdays": weekdays, "months": months}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Those of one product, (1,) each."""
        level, slope, weekdays, months = (
            np.array([stored[name]], np.float64) for name in ("level", "slope", "weekdays", "months")
        )
        return cls(stored["since"], level, slope, weekdays, months)


def components(
    since: int,
    level: FloatArray,
    *,
    slope: FloatArray | None = None,
    weekdays: FloatArray | None = None,
    months: FloatArray | None = None,
) -> Components:
    """Components of P products; those that are left out are none. Indices may be the same for all: (7,) or (12,)."""
    products = level.shape[0]
    return Components(
        since,
        level,
        np.zeros(products) if slope is None else slope,
        np.broadcast_to(np.ones(DAYS_A_WEEK) if weekdays is None else weekdays, (products, DAYS_A_WEEK)),
        np.broadcast_to(np.ones(MONTHS) if months is None else months, (products, MONTHS)),
    )


def month_of(day: IntArray) -> IntArray:
    """Month of each day since 1970-01-01, 0 = January."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % MONTHS
