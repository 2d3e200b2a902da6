"""When the generated shop changed its regular prices."""

from typing import NamedTuple

import numpy as np

from pricing.sales.core.calendar import MONTH_DAYS
from simulations.generator.shop import GeneratedShop

DAYS_WITHOUT_PROMOTION = 28


class PriceStep(NamedTuple):
    """A lasting change of a product's regular price: product by index, the first day at the new price, prices in currency."""

    product: int
    day: int
    before: float
    after: float


def price_steps(shop: GeneratedShop, first: int, last: int) -> list[PriceStep]:
    """The changes from one day to another, both inclusive, by product, that no other change or promotion comes near.

    The 30 days before `first` and the 28 days after a change are quiet, so that sales before and after it compare.

    Parameters
    ----------
    first, last : days since 1970-01-01.
    """
    steps = []
    begin = first - MONTH_DAYS - shop.first_day
    for product, prices in enumerate(shop.effective_price):
        at = np.flatnonzero(np.diff(prices[max(begin, 0) :])) + max(begin, 0) + 1
        if at.size != 1 or not first <= at[0] + shop.first_day <= last:
            continue
        day = int(at[0])
        if not shop.promotion[product, max(begin, 0) : day + DAYS_WITHOUT_PROMOTION].any():
            steps.append(PriceStep(product, day + shop.first_day, float(prices[day - 1]), float(prices[day])))
    return steps
