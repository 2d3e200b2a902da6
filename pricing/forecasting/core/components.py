"""Forecasts as level, trend and seasonal components: a few numbers for each product that answer any horizon."""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, weekday_of

MONTHS: Final = 12
PARTS_OF_MONTH: Final = 3
PARTS: Final = MONTHS * PARTS_OF_MONTH
DAYS_OF_PART: Final = 10
DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Components:
    """Forecasts of P products from the day `since` on: (level + slope x days ahead) x weekday x season, at least 0.

    Attributes
    ----------
    since : the day after the sales they rest on, as days since 1970-01-01.
    level, slope : (P,) units a day, and how many more each day brings.
    weekdays : (P, 7) index of each weekday, Monday first.
    season : (P, 36) index of each part of the year, see `part_of_year`.
    """

    since: int
    level: FloatArray
    slope: FloatArray
    weekdays: FloatArray
    season: FloatArray

    def units(self, first_day: int, days: int, trend_days: int | None = None) -> FloatArray:
        """(P, days) units expected on each day from `first_day` on; the trend ends after a given number of days, if any."""
        day = np.arange(first_day, first_day + days)
        ahead = day - self.since if trend_days is None else np.minimum(day - self.since, trend_days)
        level = self.level[:, None] + self.slope[:, None] * ahead
        found = level * self.weekdays[:, weekday_of(day)] * self.season[:, part_of_year(day)]
        return np.asarray(np.maximum(found, 0.0))

    def take(self, products: IntArray) -> Self:
        """Those of some products."""
        return type(self)(
            self.since,
            *(each[products] for each in (self.level, self.slope, self.weekdays, self.season)),
        )

    def as_json(self, product: int) -> dict[str, Any]:
        """Those of one product as they are stored."""
        weekdays, season = (
            [round(each, DIGITS) for each in row[product].tolist()] for row in (self.weekdays, self.season)
        )
        level, slope = round(float(self.level[product]), DIGITS), round(float(self.slope[product]), DIGITS)
        return {"since": self.since, "level": level, "slope": slope, "weekdays": weekdays, "season": season}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Those of one product, (1,) each."""
        level, slope, weekdays = (
            np.array([stored[name]], np.float64) for name in ("level", "slope", "weekdays")
        )
        # Those of earlier releases have an index of each month.
        season = stored["season"] if "season" in stored else by_parts(np.array(stored["months"]))
        return cls(stored["since"], level, slope, weekdays, np.array([season], np.float64))


def components(
    since: int,
    level: FloatArray,
    *,
    slope: FloatArray | None = None,
    weekdays: FloatArray | None = None,
    season: FloatArray | None = None,
) -> Components:
    """Components of P products; those that are left out are none. Indices may be the same for all: (7,) or (36,)."""
    products = level.shape[0]
    return Components(
        since,
        level,
        np.zeros(products) if slope is None else slope,
        np.broadcast_to(np.ones(DAYS_A_WEEK) if weekdays is None else weekdays, (products, DAYS_A_WEEK)),
        np.broadcast_to(np.ones(PARTS) if season is None else season, (products, PARTS)),
    )


def month_of(day: IntArray) -> IntArray:
    """Month of each day since 1970-01-01, 0 = January."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % MONTHS


def part_of_year(day: IntArray) -> IntArray:
    """Third of a month of each day since 1970-01-01: 0 = 1 to 10 January, 1 = 11 to 20, 2 = 21 to its end, and so on."""
    dates = day.astype("datetime64[D]")
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    part = np.minimum(day_of_month // DAYS_OF_PART, PARTS_OF_MONTH - 1)
    return np.asarray(month_of(day) * PARTS_OF_MONTH + part, np.int64)


def by_parts(months: FloatArray) -> FloatArray:
    """Index of each part of the year, (..., 36), from that of each month, (..., 12)."""
    return np.repeat(months, PARTS_OF_MONTH, axis=-1)
