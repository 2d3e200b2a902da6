"""List prices and promotions, inferred from the prices paid.

Prices paid mix the list price with quantity breaks and a channel markup. Both are removed per product before the
price level of a day is determined.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.constants import (
    DAILY_PRICES,
    DAYS_IN_DIPS,
    FEWEST_IN_CELL,
    FEWEST_PAIRS_OF_DIPS,
    LASTING_DIPS,
    LONGEST_OF_COUPONS,
    NEXT_OPEN_DAY,
    PROMOTION_DEPTH,
    PROMOTION_REACH_DAYS,
    PROVEN_DAYS,
    RETURNED_PRICE,
    SAME_PRICE,
    SHORT_DIP_DAYS,
    SINGLE_DIPS,
    SWITCH_DAYS,
    WIDEST_CELL,
)
from pricing.sales.core.grouping import (
    distinct_pairs,
    group_ends,
    group_medians,
    group_numbers,
    group_starts,
    group_upper_medians,
    pair_key,
    product_day_key,
    sold_by_weight,
    split_product_day,
)
from pricing.sales.core.lines import CleanLines, SalesLines

QUANTITY_CLASSES: Final = np.array([2, 6, 12, 24, 48, 100])  # first quantity of the second and later classes
CLASSES: Final = QUANTITY_CLASSES.size + 1
CELLS: Final = 2 * CLASSES  # with a customer id, then without
OFFSET_ROUNDS: Final = 3
LEVELS_SEARCHED: Final = 3
PRICE_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class _Entries:
    """Median log price paid per product, day and cell (channel x quantity class), sorted by these."""

    product: IntArray
    day: IntArray
    cell: IntArray
    log_price: FloatArray


@dataclass(frozen=True, slots=True)
class _Runs:
    """Consecutive observed days of a product at one price level; `of` maps each day to its run."""

    of: IntArray
    product: IntArray
    first_day: IntArray
    last_day: IntArray
    days: IntArray
    level: FloatArray


def reconstruct_list_prices(
    lines: SalesLines,
    clean: CleanLines,
    products: int,
    totals: BoolArray,
    one_price_a_day: Callable[[BoolArray], BoolArray],
) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
    """Find the list price of every product and day on which an ordinary line shows it.

    Per product, each (channel x quantity class) is compared with the list price that ordinary lines show just
    before and after; its median log offset is removed. Classes whose offsets scatter are left out. Successive days
    that differ by less than 1.2 % share a level; a level seen on one day only, between two days of equal
    price, is a spike and not a list price, nor is a dip that a coupon made. The price of a total is its list price, and where
    prices change by the day every day has its own, none of them a promotion. A product's answer depends on its own
    lines only.

    Parameters
    ----------
    lines, clean : the n sales lines and their clean view.
    products : number of products P.
    totals : (P,) whether a product's lines are totals.
    one_price_a_day : whether all who buy on a day pay one price (P,), asked of some products (P,).

    Returns
    -------
    product, day : (m,) sorted; the days with a known list price.
    list_price : (m,) in the shop's currency, 4 decimals.
    promotion : (m,) inferred, see `infer_promotions`.
    """
    entries = _entries(lines, clean, products)
    if entries.product.size == 0:
        whole = np.zeros(0, np.int64)
        return whole, whole, np.zeros(0), np.zeros(0, np.bool_)
    offset = _offsets(entries, products)
    offset[np.repeat(totals, CELLS)] = 0.0
    product, day, level, regular = _day_levels(entries, offset)
    runs = _runs(product, day, level, regular)
    spike = _coupons(runs, day, products)
    same_product = runs.product[2:] == runs.product[:-2]
    returns = np.abs(runs.level[2:] - runs.level[:-2]) < SAME_PRICE
    single = same_product & returns & (runs.days[1:-1] == 1)
    by_day = _changing_by_the_day(runs, single, np.bincount(product, minlength=products))
    if by_day.any():
        by_day &= one_price_a_day(by_day)
    spike[1:-1] |= single
    spike = spike[runs.of] & ~(totals | by_day)[product]
    product, day, level, regular = product[~spike], day[~spike], level[~spike], regular[~spike]
    runs = _runs(product, day, level, regular)
    level = np.where(totals[product], level, runs.level[runs.of])
    price = np.maximum(np.round(np.exp(level), PRICE_DECIMALS), 10.0**-PRICE_DECIMALS)
    promotion = infer_promotions(product, day, np.log(price)) & ~by_day[product]
    return product, day, price, promotion


def _changing_by_the_day(runs: _Runs, single: BoolArray, days: IntArray) -> BoolArray:
    """Whether a product's prices (P,) change by the day, as where they are drawn by lot: a tenth of its days or more are at
    another price than the days before and after.

    Parameters
    ----------
    runs : R runs.
    single : (R - 2,) whether the second and later runs but the last are of one day, between two of one price.
    days : (P,) observed days.
    """
    before = runs.first_day[1:-1] - runs.last_day[:-2]
    after = runs.first_day[2:] - runs.last_day[1:-1]
    lone = runs.product[1:-1][single & (before <= NEXT_OPEN_DAY) & (after <= NEXT_OPEN_DAY)]
    return np.asarray(np.bincount(lone, minlength=days.size) >= np.maximum(DAILY_PRICES * days, 1))


def infer_promotions(product: IntArray, day: IntArray, log_price: FloatArray) -> BoolArray:
    """Separate promotions from regular prices.

    A price is a promotion if it lies more than 5 % below a price charged both within 35 days before and within
    35 days after, or below whatever was charged before and after if the dip lasts 18 days at most: the middle between
    the fewest and the most days that the sales around it leave it.

    Parameters
    ----------
    product, day, log_price : (m,) observed log list prices, sorted by product and day.

    Returns
    -------
    (m,) whether the day's price is a promotion.
    """
    if product.size == 0:
        return np.zeros(0, np.bool_)
    runs = _runs(product, day, log_price, np.ones(product.size, np.bool_))
    before, after = _higher_neighbour(runs, -1), _higher_neighbour(runs, 1)
    found = (before >= 0) & (after >= 0)
    before, after = np.where(found, before, 0), np.where(found, after, 0)
    at_most = runs.first_day[after] - runs.last_day[before] - 1
    at_least = (
        runs.last_day[np.maximum(after - 1, 0)] - runs.first_day[np.minimum(before + 1, before.size - 1)] + 1
    )
    dip_days = (at_most + at_least) / 2
    same = np.abs(runs.level[before] - runs.level[after]) < RETURNED_PRICE
    since = day - runs.last_day[before][runs.of]
    until = runs.first_day[after][runs.of] - day
    in_reach = (since <= PROMOTION_REACH_DAYS) & (until <= PROMOTION_REACH_DAYS)
    short = found & (dip_days <= SHORT_DIP_DAYS)
    promotion: BoolArray = (found & same)[runs.of] & in_reach | short[runs.of]
    return promotion


def charged_now(
    product: IntArray, day: IntArray, list_price: FloatArray, promotion: BoolArray, products: int
) -> FloatArray:
    """The price (P,) that each product is charged at its newest day with a price; nan without any.

    A promotion is no such price. Nor is one more than 5 % below the price before it, until it has lasted 21 days: whether
    such a price comes to stay or goes back cannot be known earlier.

    Parameters
    ----------
    product, day, list_price, promotion : (n,) sorted by product and day; nan where no price is known.
    """
    found = np.full(products, np.nan)
    usual = (list_price > 0) & ~promotion
    usual |= (list_price > 0) & ~np.isin(product, product[usual])
    if not usual.any():
        return found
    product, day, price = product[usual], day[usual], list_price[usual]
    starts = group_starts(product, price)
    run_product, run_price = product[starts], price[starts]
    lasted = day[group_ends(starts)] - day[starts] + 1
    last = np.flatnonzero(group_ends(group_starts(run_product)))
    before = np.maximum(last - 1, 0)
    has_before = (last > 0) & (run_product[before] == run_product[last])
    dip = has_before & (np.log(run_price[before] / run_price[last]) > PROMOTION_DEPTH)
    dip &= lasted[last] < PROVEN_DAYS
    found[run_product[last]] = np.where(dip, run_price[before], run_price[last])
    return found


def _entries(lines: SalesLines, clean: CleanLines, products: int) -> _Entries:
    usable = clean.priced & (clean.units > 0)
    product, day = lines.product[usable], lines.day[usable]
    quantity = lines.quantity[usable]
    quantity_class = np.searchsorted(QUANTITY_CLASSES, quantity, "right")
    # Quantity breaks are of pieces. What is sold by weight has the price of one kilo, or of one gram, throughout.
    quantity_class[sold_by_weight(product, quantity, products)[product]] = CLASSES - 1
    cell = quantity_class + CLASSES * (lines.customer[usable] < 0)
    product_day, cell, group = distinct_pairs(product_day_key(product, day), cell)
    median = group_upper_medians(group, np.log(lines.price[usable]), cell.size)
    return _Entries(*split_product_day(product_day), cell, median)


def _offsets(entries: _Entries, products: int) -> FloatArray:
    """Log offset of every product's cells from its list price, (P * CELLS,); nan where it is unknown."""
    cell = pair_key(entries.product, entries.cell, CELLS)
    counts = np.bincount(cell, minlength=products * CELLS).reshape(products, CELLS)
    offset = np.full(products * CELLS, np.nan)
    # Prices of the largest cell with a customer id count as list prices, unless it is too small.
    with_id = counts[:, :CLASSES]
    common = with_id.max(axis=1) >= FEWEST_IN_CELL
    cells = np.where(common, with_id.argmax(axis=1), counts.argmax(axis=1))
    offset[pair_key(np.arange(products), cells, CELLS)] = 0.0
    reference = offset == 0.0
    for _ in range(OFFSET_ROUNDS):
        gap = entries.log_price - _level_around(entries, entries.log_price - offset[cell])
        valid = np.isfinite(gap)
        median = group_medians(cell[valid], gap[valid], offset.size)
        scatter = np.abs(gap[valid] - median[cell[valid]])
        spread = group_medians(cell[valid], scatter, offset.size)
        enough = np.bincount(cell[valid], minlength=offset.size) >= FEWEST_IN_CELL
        found = enough & (spread <= WIDEST_CELL)
        median[np.abs(median) < SAME_PRICE / 2] = 0.0
        offset = np.where(reference, 0.0, np.where(found, median, np.nan))
    return offset


def _level_around(entries: _Entries, level: FloatArray) -> FloatArray:
    """Log list price around each entry, nan unless the nearest known days before and after agree on it."""
    known = np.flatnonzero(np.isfinite(level))
    product_day = product_day_key(entries.product, entries.day)
    before = np.searchsorted(product_day[known], product_day, "right") - 1
    after = np.searchsorted(product_day[known], product_day, "left")
    inside = (before >= 0) & (after < known.size)
    before, after = known[np.maximum(before, 0)], known[np.minimum(after, known.size - 1)]
    inside &= (entries.product[before] == entries.product) & (entries.product[after] == entries.product)
    agree = inside & (np.abs(level[before] - level[after]) < SAME_PRICE)
    return np.where(agree, (level[before] + level[after]) / 2, np.nan)


def _day_levels(entries: _Entries, offset: FloatArray) -> tuple[IntArray, IntArray, FloatArray, BoolArray]:
    """Median log list price of each product and day, and whether cells without any offset show it."""
    removed = offset[pair_key(entries.product, entries.cell, CELLS)]
    known = np.isfinite(removed)
    product, day, removed = entries.product[known], entries.day[known], removed[known]
    level = entries.log_price[known] - removed
    new = group_starts(product, day)
    of = group_numbers(new)
    regular = np.bincount(of, removed == 0.0, of[-1] + 1) > 0
    used = (removed == 0.0) | ~regular[of]
    median = group_upper_medians(of[used], level[used], regular.size)
    return product[new], day[new], median, regular


def _runs(product: IntArray, day: IntArray, level: FloatArray, regular: BoolArray) -> _Runs:
    """Group neighbouring days of about the same price; the run's level is the upper median of its regular days."""
    new = group_starts(product)
    new[1:] |= np.abs(np.diff(level)) >= SAME_PRICE
    while True:
        of = group_numbers(new)
        # Small steps one way must not chain into one level: a run ends where it has left its first day's price.
        left = np.flatnonzero(np.abs(level - level[new][of]) >= SAME_PRICE)
        if not left.size:
            break
        new[left[group_starts(of[left])]] = True
    count = int(of[-1]) + 1
    used = regular | (np.bincount(of, regular, count) == 0)[of]
    median = group_upper_medians(of[used], level[used], count)
    return _Runs(of, product[new], day[new], day[group_ends(new)], np.bincount(of, minlength=count), median)


def _coupons(runs: _Runs, day: IntArray, products: int) -> BoolArray:
    """Which runs are a lower price that some buyers pay while others pay the usual one, of products that show this to be so.

    Who buys on the days next to a promotion's day buys at its price; beside a coupon's day others pay the usual one. Of a
    product's pairs of sold days within three days with a dip on one of them at least, both are in the dip for .6 to .9 in the
    one case and for .2 to .6 in the other; and half of the dips by coupons are of a single sold day, of promotions hardly any.
    A dip of few days is then dropped. Where most days are in dips there is no usual price.

    Parameters
    ----------
    runs : R runs of n observed days.
    day : (n,) the days, sorted by product and day.
    products : number of products P.
    """
    before, after = _higher_neighbour(runs, -1), _higher_neighbour(runs, 1)
    dip = (before >= 0) & (after >= 0)
    dip &= runs.first_day[after] - runs.last_day[before] <= PROMOTION_REACH_DAYS
    product, in_dip = runs.product[runs.of], dip[runs.of]
    near = (product[1:] == product[:-1]) & (np.diff(day) <= SWITCH_DAYS)

    def share(some: BoolArray, of: BoolArray, whose: IntArray) -> FloatArray:
        """By product (P,), how many of those are some; 1 without any."""
        count = np.bincount(whose[of], minlength=products)
        return np.where(
            count > 0, np.bincount(whose[of & some], minlength=products) / np.maximum(count, 1), 1.0
        )

    pairs = near & (in_dip[1:] | in_dip[:-1])
    takes_turns = np.bincount(product[1:][pairs], minlength=products) >= FEWEST_PAIRS_OF_DIPS
    takes_turns &= share(in_dip[1:] & in_dip[:-1], pairs, product[1:]) <= LASTING_DIPS
    takes_turns &= share(runs.days == 1, dip, runs.product) >= SINGLE_DIPS
    takes_turns &= share(in_dip, np.ones(day.size, np.bool_), product) <= DAYS_IN_DIPS
    return np.asarray(dip & (runs.days <= LONGEST_OF_COUPONS) & takes_turns[runs.product])


def _higher_neighbour(runs: _Runs, step: int) -> IntArray:
    """Nearest of the next three runs in a direction whose level is more than 5 % above; -1 if there is none."""
    count = runs.product.size
    here = np.arange(count)
    found = np.full(count, -1)
    for distance in range(1, LEVELS_SEARCHED + 1):
        there = here + step * distance
        inside = (there >= 0) & (there < count) & (found < 0)
        there = np.clip(there, 0, count - 1)
        higher = runs.level[there] - runs.level > PROMOTION_DEPTH
        found = np.where(inside & higher & (runs.product[there] == runs.product), there, found)
    return found
