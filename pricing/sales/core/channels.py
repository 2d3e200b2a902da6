"""Prices by channel: which products their stores, web shops or arms of a test sell at prices of their own."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.constants import (
    CHANNELS_NEAR_DAYS,
    DIFFERENT_SHARE,
    FEWEST_DIFFERENT_DAYS,
    FEWEST_LINES_OF_A_CHANNEL,
    MAIN_DAYS,
    MOST_CHANNELS,
    SAME_PRICE,
)
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.grouping import (
    distinct_pairs,
    group_starts,
    group_sums,
    matching_rows,
    product_day_key,
)
from pricing.sales.core.lines import CleanLines, SalesLines

PRICES_BY_CHANNEL: Final = "PRICES_BY_CHANNEL"
"""Channels carry different prices: estimates that know the channels tell them apart."""


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Products' sales and prices by channel (S series).

    Attributes
    ----------
    product, channel : (S,) ascending by both.
    main : (S,) whether it is the channel that sells most of the product.
    daily : the days of each series, whose number takes the place of the product.
    """

    product: IntArray
    channel: IntArray
    main: BoolArray
    daily: DailySales

    def rows(self, chosen: BoolArray) -> "PriceSeries":
        """The chosen series (S,), renumbered."""
        number = np.cumsum(chosen) - 1
        daily = self.daily.rows(chosen[self.daily.product])
        daily = replace(daily, product=number[daily.product])
        return PriceSeries(self.product[chosen], self.channel[chosen], self.main[chosen], daily)


def price_series(lines: SalesLines, clean: CleanLines, channel: IntArray, products: int) -> PriceSeries:
    """The series of the products whose channels carry different prices; none of any other product.

    Of a product with two channels or more that sold at least 20 lines each, the list price of every channel is found
    from its own lines and compared with that of the main channel, where that is the same within two weeks before and
    after. Prices differ if they do on three days and a tenth of those compared.

    Parameters
    ----------
    lines, clean : the n sales lines and their clean view.
    channel : (n,) number of each line's channel.
    products : number of products P.
    """
    sold = clean.units > 0
    product, of_channel, of = distinct_pairs(lines.product, channel)
    counts = np.bincount(of, sold, product.size)
    # Busiest first within each product.
    order = np.lexsort((-counts, product))
    place = np.empty(product.size, np.int64)
    first = np.flatnonzero(group_starts(product))
    place[order] = np.arange(product.size) - np.repeat(first, np.diff(np.append(first, product.size)))
    kept = (counts >= FEWEST_LINES_OF_A_CHANNEL) & (place < MOST_CHANNELS)
    kept &= (np.bincount(product, kept, products) >= 2)[product]
    number = np.cumsum(kept) - 1
    used = kept[of]
    of_series = number[of[used]]
    chosen = SalesLines(*(getattr(lines, name)[used] for name in SalesLines.__slots__))
    chosen = replace(chosen, product=of_series)
    view = CleanLines(clean.units[used], clean.priced[used], clean.reason[used])
    series = int(kept.sum())
    daily = daily_sales(chosen, view, series)
    product = product[kept]
    found = PriceSeries(product, of_channel[kept], main_series(product, daily), daily)
    return found.rows(_priced_apart(found, products)[product])


def main_series(product: IntArray, daily: DailySales) -> BoolArray:
    """(S,) which series sold most units in the year up to the product's newest sale; of equal ones the first."""
    series = product.size
    newest = np.full(int(product.max(initial=-1)) + 1, np.iinfo(np.int64).min)
    sold = daily.units > 0
    np.maximum.at(newest, product[daily.product[sold]], daily.day[sold])
    recent = sold & (daily.day > newest[product[daily.product]] - MAIN_DAYS)
    units = group_sums(daily.product[recent], daily.units[recent], series)
    order = np.lexsort((np.arange(series), -units, product))
    main = np.zeros(series, np.bool_)
    main[order[group_starts(product[order])]] = True
    return main


def _priced_apart(found: PriceSeries, products: int) -> BoolArray:
    """(P,) whether the product's channels carry different prices."""
    daily = found.daily
    known = np.isfinite(daily.list_price)
    of, day, level = found.product[daily.product[known]], daily.day[known], np.log(daily.list_price[known])
    main = found.main[daily.product[known]]
    theirs = _level_near(of[main], day[main], level[main], of[~main], day[~main])
    compared = np.isfinite(theirs)
    differs = compared & (np.abs(level[~main] - np.where(compared, theirs, 0.0)) > SAME_PRICE)
    days = np.bincount(of[~main], compared, products)
    different = np.bincount(of[~main], differs, products)
    return np.asarray((different >= FEWEST_DIFFERENT_DAYS) & (different >= DIFFERENT_SHARE * days))


def _level_near(
    known_product: IntArray, known_day: IntArray, level: FloatArray, product: IntArray, day: IntArray
) -> FloatArray:
    """The price level (n,) of a product around a day: that of the nearest known days (m,) up to and from it on, if these
    agree and lie within two weeks; else nan."""
    if known_day.size == 0:
        return np.full(day.size, np.nan)
    keys, wanted = product_day_key(known_product, known_day), product_day_key(product, day)
    before = np.searchsorted(keys, wanted, "right") - 1
    after = np.searchsorted(keys, wanted, "left")
    inside = (before >= 0) & (after < keys.size)
    before, after = np.maximum(before, 0), np.minimum(after, keys.size - 1)
    inside &= (wanted - keys[before] <= CHANNELS_NEAR_DAYS) & (keys[after] - wanted <= CHANNELS_NEAR_DAYS)
    agree = inside & (np.abs(level[before] - level[after]) < SAME_PRICE)
    return np.where(agree, (level[before] + level[after]) / 2, np.nan)


def main_prices(daily: DailySales, series: PriceSeries) -> DailySales:
    """Product-days with the main channel's list price and promotion, of the products that have series."""
    mine = np.isin(daily.product, series.product)
    price = np.where(mine, np.nan, daily.list_price)
    promotion = daily.promotion & ~mine
    main = series.main[series.daily.product]
    keys = product_day_key(series.product[series.daily.product[main]], series.daily.day[main])
    rows, at = matching_rows(product_day_key(daily.product, daily.day), keys)
    price[rows] = series.daily.list_price[main][at]
    promotion[rows] = series.daily.promotion[main][at]
    return replace(daily, list_price=price, promotion=promotion)


def in_series(daily: DailySales, series: PriceSeries | None, products: int) -> tuple[DailySales, IntArray]:
    """Product-days with those of the products that have series replaced by these.

    Returns
    -------
    The days, whose products are numbers of series, and (S,) the product of each series, ascending.
    """
    if series is None or not series.product.size:
        return daily, np.arange(products)
    apart = np.zeros(products, np.bool_)
    apart[series.product] = True
    of = np.concatenate((np.flatnonzero(~apart), series.product))
    order = np.argsort(of, kind="stable")
    number = np.empty(of.size, np.int64)
    number[order] = np.arange(of.size)
    plain = np.zeros(products, np.int64)
    plain[~apart] = number[: products - int(apart.sum())]
    rest = daily.rows(~apart[daily.product])
    parts = (
        replace(rest, product=plain[rest.product]),
        replace(series.daily, product=number[products - int(apart.sum()) :][series.daily.product]),
    )
    both = DailySales(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in DailySales.__slots__)
    )
    return both.rows(np.argsort(product_day_key(both.product, both.day), kind="stable")), of[order]
