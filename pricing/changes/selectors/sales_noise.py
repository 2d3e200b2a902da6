"""The random variation of a product's sales, from its own past weeks."""

from typing import NamedTuple

import numpy as np

from elastix.dataset.models import DataVersion
from pricing.changes.core.constants import NOISE_WEEKS
from pricing.changes.core.outcomes import CumulativeSales, estimate_noise
from pricing.changes.selectors.outcome_sales import daily_rows, shop_days
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.core.grouping import sold_by_weight
from pricing.sales.selectors.daily import epoch_days

WINDOW_DAYS = 28


class SalesNoise(NamedTuple):
    """Variance over mean of a product's units, and whether they are weighed, not counted."""

    dispersion: float
    by_weight: bool


def sales_noise(code: str, version: DataVersion) -> SalesNoise:
    """Estimate the chance in a product's sales by how well four weeks foretold the next four in the past year.

    The same estimate that outcomes of price changes are judged by: where there are few weeks, rather what is usual. One
    query, and one for the shop's days if these are not remembered.

    Parameters
    ----------
    code : of a product, in its normal form.
    """
    first_day, units = shop_days(version)
    end = first_day + units.size if version.as_of is None else epoch_days(version.as_of)
    begin = end - DAYS_A_WEEK * NOISE_WEEKS
    rows = daily_rows([code], {code: 0}, begin, end)
    product, day, quantity, revenue = (np.concatenate(column) for column in zip(*rows, strict=True))
    sales = CumulativeSales.of(begin, end - begin, 1, (product, day, quantity, revenue))
    every_day = first_day + np.arange(units.size)
    shop = CumulativeSales.of(first_day, units.size, 1, (np.zeros_like(every_day), every_day, units, units))
    weeks = begin + DAYS_A_WEEK * np.arange(NOISE_WEEKS)[None, :]
    of_weeks, paid = sales.between(weeks, weeks + DAYS_A_WEEK, np.zeros_like(weeks))
    on_sale = weeks >= (day.min() if day.size else end)
    noise = estimate_noise(
        np.where(on_sale, of_weeks, np.nan),
        np.where(on_sale, paid, np.nan),
        shop.between(weeks, weeks + DAYS_A_WEEK, np.zeros_like(weeks))[0],
        np.ones(1),
        WINDOW_DAYS,
    )
    return SalesNoise(float(noise.units[0]), bool(sold_by_weight(product, quantity, 1)[0]))
