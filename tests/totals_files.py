"""Generated files of totals: products whose elasticity is -2, one row for each week or month, without invoices."""

import csv
import datetime as dt
import io
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

ELASTICITY = -2.0
MONDAY = dt.date(2022, 1, 3)
PRODUCTS = 8
NEWEST_PRICE_DAYS = 75
"""The last change of every price, by a tenth upwards, is so many days before the end."""


@dataclass(frozen=True)
class TotalsFile:
    """The file, and what is true of it.

    Attributes
    ----------
    content : rows of period, code, units and mean price paid.
    rate : true units a day of each product at its newest price.
    price : newest price of each product.
    old_rate, old_price : the same before the last change, which was on the day `changed`.
    as_of : the day after the last one that the file tells of.
    """

    content: bytes
    rate: dict[str, float]
    price: dict[str, float]
    old_rate: dict[str, float]
    old_price: dict[str, float]
    changed: dt.date
    as_of: dt.date


def weeks(count: int) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each week, Monday to Sunday."""
    firsts = [MONDAY + dt.timedelta(weeks=week) for week in range(count)]
    return [(first, first + dt.timedelta(days=6)) for first in firsts]


def months(count: int) -> list[tuple[dt.date, dt.date]]:
    """First and last day of each calendar month from January 2021 on."""
    firsts = [dt.date(2021 + month // 12, month % 12 + 1, 1) for month in range(count + 1)]
    return [(first, after - dt.timedelta(days=1)) for first, after in itertools.pairwise(firsts)]


def totals_file(
    periods: list[tuple[dt.date, dt.date]],
    written: Callable[[dt.date, dt.date], str],
    *,
    seed: int,
    prefix: str = "T",
    constant: bool = False,
    header: tuple[str, ...] = ("Week", "SKU", "Units sold", "Avg price"),
    shortest: int = 20,
    longest: int = 95,
) -> TotalsFile:
    """Draw daily demand at prices that change at odd times, and sum it up.

    Parameters
    ----------
    periods : first and last day of each row's period.
    written : how a period is written into the file.
    constant : whether no price ever changes.
    shortest, longest : days between two changes of a price.
    """
    chance = np.random.default_rng(seed)
    begin, days = periods[0][0], (periods[-1][1] - periods[0][0]).days + 1
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(header)
    rate, newest, old_rate, old_price = {}, {}, {}, {}
    for number in range(PRODUCTS):
        code, base = f"{prefix}{number}", chance.uniform(6, 25)
        list_price = round(float(chance.uniform(5, 30)), 2)
        price = np.full(days, list_price)
        at = 0
        while at < days and not constant:
            price[at:] = round(list_price * float(chance.uniform(0.8, 1.25)), 2)
            at += int(chance.integers(shortest, longest))
        price[-NEWEST_PRICE_DAYS - 60 :] = price[-NEWEST_PRICE_DAYS - 61]
        price[-NEWEST_PRICE_DAYS:] = round(float(price[-NEWEST_PRICE_DAYS - 1]) * (1 if constant else 1.1), 2)
        mean = base * (price / list_price) ** ELASTICITY
        sold = chance.negative_binomial(60, 60 / (60 + mean))
        for first, last in periods:
            span = slice((first - begin).days, (last - begin).days + 1)
            units, paid = sold[span].sum(), (sold[span] * price[span]).sum()
            if units:
                table.writerow([written(first, last), code, units, f"{paid / units:.2f}"])
        rate[code], newest[code] = float(mean[-1]), float(price[-1])
        old_rate[code], old_price[code] = (
            float(mean[-NEWEST_PRICE_DAYS - 1]),
            float(price[-NEWEST_PRICE_DAYS - 1]),
        )
    as_of = periods[-1][1] + dt.timedelta(days=1)
    changed = as_of - dt.timedelta(days=NEWEST_PRICE_DAYS)
    return TotalsFile(text.getvalue().encode(), rate, newest, old_rate, old_price, changed, as_of)
