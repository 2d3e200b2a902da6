"""Daily sales of some products as arrays."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elastix.sql import epoch_day
from pricing.sales.core.arrays import FloatArray
from pricing.sales.selectors.daily import epoch_days, product_numbers, rows_of_products


@dataclass(frozen=True, slots=True)
class DailyMoney:
    """What P products sold on D days from `first` on, (P, D): units, and revenue as it was paid."""

    codes: Sequence[str]
    first: dt.date
    units: FloatArray
    revenue: FloatArray

    @property
    def price(self) -> FloatArray:
        """(P, D) mean price paid; nan on days without sales."""
        price = np.full(self.units.shape, np.nan)
        np.divide(self.revenue, self.units, out=price, where=self.units > 0)
        return price

    def profit(self, cost: FloatArray, tax_factor: FloatArray) -> FloatArray:
        """(P, D) revenue without tax less costs (P,); where no cost is known it is the revenue without tax."""
        return np.asarray(self.revenue / tax_factor[:, None] - self.units * np.nan_to_num(cost)[:, None])


def daily_money(codes: Sequence[str], first: dt.date, last: dt.date) -> DailyMoney:
    """Read what products sold from one day to another, both inclusive; cancelled sales are none."""
    start, days = epoch_days(first), max((last - first).days + 1, 0)
    day = epoch_day("date")
    sql = (
        f"SELECT product_id, {day}, CAST(quantity AS double precision), CAST(revenue AS double precision) "
        f"FROM pricing_saleshistory WHERE {day} BETWEEN %s AND %s AND product_id IN ({{}})"
    )
    rows = rows_of_products(sql, codes, start, start + days - 1) if days else []
    units, revenue = np.zeros((len(codes), days)), np.zeros((len(codes), days))
    if rows:
        found, at, sold, paid = zip(*rows, strict=True)
        place = product_numbers(codes, found), np.array(at, np.int64) - start
        units[place], revenue[place] = sold, paid
    return DailyMoney(codes, first, units, revenue)


def by_group(values: FloatArray, group: Sequence[int], groups: int) -> FloatArray:
    """(G, D) sums of (P, D) over the products of each group."""
    total = np.zeros((groups, values.shape[1]))
    np.add.at(total, np.array(group, np.int64), values)
    return total
