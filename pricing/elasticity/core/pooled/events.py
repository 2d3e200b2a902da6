"""Sales events of the whole shop, which are no promotions of single products."""

from dataclasses import replace

import numpy as np

from pricing.elasticity.core.constants import EVENT_SHARE, FEWEST_IN_EVENT
from pricing.sales.core.arrays import IntArray
from pricing.sales.core.daily import DailySales


def event_days(daily: DailySales) -> IntArray:
    """Days on which more than half of the products that sold, eight at least, were on promotion: (E,) sorted.

    Notes
    -----
    A promotion has a lift beyond its price, since it is displayed. What a sale of the whole shop brings beyond its prices are
    visitors, and these are in the season of the products' categories already. Were its days promotions as well, the lift of
    displays would be taken off the response to its prices.
    """
    seen = np.isfinite(daily.list_price) & (daily.lines > 0)
    days, of = np.unique(daily.day[seen], return_inverse=True)
    sold = np.bincount(of, minlength=days.size)
    promoted = np.bincount(of, daily.promotion[seen], days.size)
    return np.asarray(days[(promoted > EVENT_SHARE * sold) & (promoted >= FEWEST_IN_EVENT)])


def without_events(daily: DailySales, events: IntArray) -> DailySales:
    """The product-days with no promotions on the days (E,) of events."""
    return replace(daily, promotion=daily.promotion & ~np.isin(daily.day, events))
