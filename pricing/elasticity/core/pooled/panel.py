"""From product-days to the weekly panel: active days, exposures, and cells of one product, week and price."""

from dataclasses import dataclass, replace

import numpy as np

from pricing.elasticity.core.constants import (
    BUSIEST_DAY_SHARE,
    FURTHEST_FROM_MIDWAY,
    LINES_MISSED_IN_A_GAP,
    LONGEST_CHANCE,
    OFTEN_SOLD,
    SHORTEST_GAP,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import (
    MONTH_DAYS,
    CumulatedDays,
    ShopCalendar,
    cumulated_days,
    first_day_of_week,
    is_closed,
    week_of,
)
from pricing.sales.core.daily import DailySales
from pricing.sales.core.grouping import (
    distinct,
    group_ends,
    group_starts,
    group_sums,
    product_day_key,
    sold_by_weight,
    split_product_day,
)
from pricing.sales.core.totals import totals_periods

THOUSANDTHS = 1000.0
Window = tuple[int, int]
Response = tuple[float, float]  # elasticity and log promotion lift of line counts


@dataclass(frozen=True, slots=True)
class Panel:
    """Cells of one product, one week and one list price, sorted by product and first day (n cells, P products).

    Attributes
    ----------
    product, week, start : (n,) product index, week number (see `week_of`), first day of the cell.
    exposure : (n,) open active days, each weighted by its weekday.
    lines, units : (n,) clean sale lines and units sold in the cell; of totals, units are the count in place of lines.
    log_price : (n,) log list price in force.
    promotion : (n,) whether that price is a promotion.
    sold_days, list_prices, active_weeks : (P,) days with sales, distinct list prices, weeks with an active day.
    gaps : (P,) whether a long run of unsold days was taken out.
    new_week : (n,) whether the cell is the first of its product and week.
    period : (P,) days that a line sums up where the product's lines are totals, else 0.
    """

    product: IntArray
    week: IntArray
    start: IntArray
    exposure: FloatArray
    lines: FloatArray
    units: FloatArray
    log_price: FloatArray
    promotion: BoolArray
    sold_days: IntArray
    list_prices: IntArray
    active_weeks: IntArray
    gaps: BoolArray
    new_week: BoolArray
    period: IntArray

    @property
    def totals(self) -> BoolArray:
        """(P,) whether the product's lines are totals, whose number carries no information."""
        return np.asarray(self.period > 0)


@dataclass(frozen=True, slots=True)
class _Intervals:
    """Runs of active days, sorted by product and first day."""

    product: IntArray
    start: IntArray
    stop: IntArray  # exclusive


@dataclass(frozen=True, slots=True)
class _PricePath:
    """List prices in force from `start` on, sorted by product and day; the first holds for earlier days too.

    `before` is the part of the day before `start` that had the price already.
    """

    product: IntArray
    start: IntArray
    before: FloatArray
    log_price: FloatArray
    promotion: BoolArray


def build_panel(
    daily: DailySales,
    products: int,
    calendar: ShopCalendar,
    response: Response,
    window: Window | None = None,
    of: IntArray | None = None,
) -> Panel:
    """Cut every product's active days into cells of one week and one list price.

    A product is active from its first to its last sale, without runs of unsold open days longer than
    max(14, 14.7 / lines per open day): stock-outs and delistings. Unsold days keep the list price of the nearer
    observed one. Products without a sale or without a known list price have no cells. Totals of a week or month have a
    cell each; a product of totals is inactive where that many units would not have been missed by chance.

    Parameters
    ----------
    daily, products : product-days, sorted by product and day, and the number of products P.
    calendar : open and closed days, weekday weights.
    response : elasticity and log promotion lift of line counts in this shop, to date price changes in a gap.
    window : first and last day (inclusive) to which the active days are limited.
    of : where the rows are of price series, which then take the place of products: (P,) the product of each.
    """
    known = np.isfinite(daily.list_price)
    sold = (daily.units > 0) & (daily.lines > 0)
    rows = np.flatnonzero(sold & (np.bincount(daily.product[known], minlength=products) > 0)[daily.product])
    if rows.size == 0:
        return _empty_panel(products)
    counts, period = _counts(daily, rows, products, of)
    days = cumulated_days(calendar, int(daily.day[rows].min()), int(daily.day[rows].max()) + MONTH_DAYS)
    intervals, gaps = _active_intervals(daily.product[rows], daily.day[rows], counts[rows], period, days)
    if window is not None:
        rows, intervals = _clip(intervals, window, daily, rows)
        if rows.size == 0:
            return _empty_panel(products)
    product, day = daily.product[rows], daily.day[rows]
    path = _price_path(daily, known, response, period > 0)
    cells = _cells(intervals, path, product, day, period > 1)
    count = cells.product.size
    in_cell = _cell_of(product, day, cells)
    in_force = _price_in_force(path, cells)
    # Someone sold on a day the shop is known to have been closed: that day was open for this product.
    extra = group_sums(in_cell, is_closed(calendar, day), count)
    new_week = group_starts(cells.product, week_of(cells.start))
    return Panel(
        product=cells.product,
        week=week_of(cells.start),
        start=cells.start,
        exposure=_exposure(cells, path, in_force, days, extra, period > 1),
        lines=group_sums(in_cell, counts[rows], count),
        units=group_sums(in_cell, daily.units[rows], count),
        log_price=path.log_price[in_force],
        promotion=path.promotion[in_force],
        sold_days=np.bincount(product, minlength=products),
        list_prices=_distinct_prices(cells.product, path.log_price[in_force], products),
        active_weeks=np.bincount(cells.product[new_week], minlength=products),
        gaps=gaps,
        new_week=new_week,
        period=period,
    )


def _counts(
    daily: DailySales, rows: IntArray, products: int, of: IntArray | None
) -> tuple[FloatArray, IntArray]:
    """The count that each product-day (n,) brings, and the days that a line of each product (P,) sums up, 0 for none.

    Lines are counted, and of totals units. Totals of goods sold by weight are counted in grams, or whatever a thousandth
    is: a count of 3.5 would say little. `rows` are the product-days with sales, `of` is that of `build_panel`.
    """
    period = totals_periods(daily.product, daily.day, daily.lines, daily.units, products)
    by_weight = sold_by_weight(daily.product[rows], daily.units[rows], products)
    if of is not None:
        period, by_weight = _as_their_busiest(of, daily, period, by_weight)
    units = daily.units * np.where(by_weight, THOUSANDTHS, 1.0)[daily.product]
    return np.where(period[daily.product] > 0, units, daily.lines), period


def _as_their_busiest(
    of: IntArray, daily: DailySales, period: IntArray, by_weight: BoolArray
) -> tuple[IntArray, BoolArray]:
    """Whether the series (S,) of a product are totals, and by weight, as the one that sold most says it of all of them."""
    units = np.bincount(daily.product, daily.units, of.size)
    busiest = np.lexsort((-units, of))
    busiest = busiest[group_starts(of[busiest])]
    at = np.searchsorted(of[busiest], of)
    return period[busiest][at], by_weight[busiest][at]


def panel_of_products(panel: Panel, of: IntArray, sold_days: IntArray) -> Panel:
    """The cells of price series (S,) as those of the products that they are of, sorted by product and series.

    Parameters
    ----------
    of : (S,) ascending, the product of each series.
    sold_days : (P,) days with sales of each product.
    """
    products = sold_days.size
    product = of[panel.product]
    weeks = distinct(product_day_key(product, panel.week))
    first = np.searchsorted(of, np.arange(products))
    seen = np.bincount(of, panel.sold_days, products) > 0
    return replace(
        panel,
        product=product,
        sold_days=np.where(seen, sold_days, 0),
        list_prices=_distinct_prices(product, panel.log_price, products),
        active_weeks=np.bincount(split_product_day(weeks)[0], minlength=products),
        gaps=np.bincount(of, panel.gaps, products) > 0,
        period=panel.period[first],
    )


def _active_intervals(
    product: IntArray, day: IntArray, counts: FloatArray, period: IntArray, days: CumulatedDays
) -> tuple[_Intervals, BoolArray]:
    """Split the sold days (n,) of every product where too many open days in a row went unsold.

    Returns
    -------
    The active intervals, and whether a product (P,) had a long run without sales.
    """
    products = period.size
    starts = group_starts(product)
    length = np.maximum(period, 1)[product]
    previous = np.where(starts, day, np.concatenate((day[:1], day[:-1])) + length)
    unsold = np.where(
        length > 1,
        np.where(starts, 0, np.maximum(day - previous, 0)),
        days.open_between(np.minimum(previous, day), day),
    ).astype(np.float64)
    total = np.bincount(product, counts, products)
    sold = np.bincount(product, length, products)
    span = np.bincount(product, unsold + length, products)
    dropped = np.zeros(day.size, np.bool_)
    # The second pass knows the rate without the gaps that the first one found.
    for _ in range(2):
        active = span - np.bincount(product, unsold * dropped, products)
        missed = LINES_MISSED_IN_A_GAP * active / np.maximum(total, 1.0)
        # A total is of many units: a period without any is seldom chance, unless the product often has none.
        seldom = sold < OFTEN_SOLD * active
        floor = np.where(
            period > 0, np.where(seldom, LONGEST_CHANCE * active / np.maximum(sold, 1), 0.0), SHORTEST_GAP
        )
        dropped = unsold > np.maximum(floor, missed)[product]
    gaps = np.bincount(product, dropped & (unsold > SHORTEST_GAP), products) > 0
    begin = starts | dropped
    end = group_ends(begin)
    return _Intervals(product[begin], day[begin], day[end] + length[end]), gaps


def _clip(
    intervals: _Intervals, window: Window, daily: DailySales, rows: IntArray
) -> tuple[IntArray, _Intervals]:
    """Keep the rows with sales inside the window, and the part of the intervals inside it of products that sell there."""
    rows = rows[(daily.day[rows] >= window[0]) & (daily.day[rows] <= window[1])]
    sells = np.bincount(daily.product[rows], minlength=int(intervals.product.max(initial=-1)) + 1) > 0
    start = np.maximum(intervals.start, window[0])
    stop = np.minimum(intervals.stop, window[1] + 1)
    inside = (start < stop) & sells[intervals.product]
    return rows, _Intervals(intervals.product[inside], start[inside], stop[inside])


def _price_path(daily: DailySales, known: BoolArray, response: Response, totals: BoolArray) -> _PricePath:
    """List price changes of every product, dated between the last day at the old and the first at the new price; those
    of totals (P,) with the total that shows them."""
    product, day = daily.product[known], daily.day[known]
    price, promotion = daily.list_price[known], daily.promotion[known]
    first, changed = group_starts(product), group_starts(product, price, promotion)
    since = _days_at_new_price(daily, product, day, np.log(price), promotion, response)
    since = np.where(first | totals[product], 0.0, since)
    whole = np.floor(since)
    start = day - whole.astype(np.int64)
    return _PricePath(
        product[changed], start[changed], (since - whole)[changed], np.log(price[changed]), promotion[changed]
    )


def _days_at_new_price(
    daily: DailySales,
    product: IntArray,
    day: IntArray,
    log_price: FloatArray,
    promotion: BoolArray,
    response: Response,
) -> FloatArray:
    """How many of the unsold days before each known day (m,) already had its price.

    Given a gap of G days and sales that arrive at rates a before and b after a change on an unknown day, the
    expected part at the old price is 1 / (1 - exp(-d)) - 1 / d of the gap, d = (b - a) G: the slower seller waited
    longer. Rates follow from the product's share of sold days and the shop's response to price.
    """
    products = int(product[-1]) + 1
    sold = (daily.lines > 0) & (daily.product < products)
    days_sold = np.bincount(daily.product[sold], minlength=products)
    lifetime = np.full(products, 1)
    first_row = np.searchsorted(daily.product[sold], np.arange(products))
    some = days_sold > 0
    sold_day = daily.day[sold]
    lifetime[some] = sold_day[(first_row + days_sold - 1)[some]] - sold_day[first_row[some]] + 1
    rate = -np.log1p(-np.minimum(days_sold / lifetime, BUSIEST_DAY_SHARE))
    mean = np.bincount(product, log_price) / np.maximum(np.bincount(product), 1)
    arrival = rate[product] * np.exp(response[0] * (log_price - mean[product]) + response[1] * promotion)
    gap = np.maximum(np.diff(day, prepend=day[0]) - 1, 0)
    gain = np.diff(arrival, prepend=arrival[0]) * gap
    safe = np.where(np.abs(gain) < 1e-3, 1.0, np.clip(gain, -50.0, 50.0))
    old = np.where(np.abs(gain) < 1e-3, 0.5 + gain / 12, 1 / -np.expm1(-safe) - 1 / safe)
    old = np.clip(old, 0.5 - FURTHEST_FROM_MIDWAY, 0.5 + FURTHEST_FROM_MIDWAY)
    return np.asarray(gap * (1.0 - old))


def _cells(
    intervals: _Intervals, path: _PricePath, product: IntArray, day: IntArray, long_totals: BoolArray
) -> _Intervals:
    """Cut the intervals at Mondays and price changes: the cells.

    Totals of more than a day (P,) are cut at each total (sold days n) instead of Mondays.
    """
    by_week = ~long_totals[intervals.product]
    first_week, last_week = week_of(intervals.start[by_week]), week_of(intervals.stop[by_week] - 1)
    weeks = last_week - first_week + 1
    of = np.flatnonzero(by_week)[np.repeat(np.arange(weeks.size), weeks)]
    step = np.arange(of.size) - np.repeat(np.cumsum(weeks) - weeks, weeks)
    monday = first_day_of_week(np.repeat(first_week, weeks) + step)
    pieces = product_day_key(intervals.product[of], np.maximum(monday, intervals.start[of]))
    totals = long_totals[product]
    pieces = np.concatenate((pieces, product_day_key(product[totals], day[totals])))

    interval_key = product_day_key(intervals.product, intervals.start)
    change_key = product_day_key(path.product, path.start)
    inside = np.searchsorted(interval_key, change_key, "right") - 1
    behind = np.maximum(inside, 0)
    valid = (
        (inside >= 0) & (intervals.product[behind] == path.product) & (path.start < intervals.stop[behind])
    )
    starts = interval_key[~by_week]  # a window may cut into a total
    cuts = distinct(np.concatenate((pieces, starts, change_key[valid])))
    inside = np.searchsorted(interval_key, cuts, "right") - 1
    of_cell, start = split_product_day(cuts)
    stop = intervals.stop[inside].copy()
    same = inside[1:] == inside[:-1]
    stop[:-1][same] = start[1:][same]
    return _Intervals(of_cell, start, stop)


def _cell_of(product: IntArray, day: IntArray, cells: _Intervals) -> IntArray:
    """Index of the cell that holds each product and day, (n,)."""
    keys = product_day_key(cells.product, cells.start)
    return np.searchsorted(keys, product_day_key(product, day), "right") - 1


def _price_in_force(path: _PricePath, cells: _Intervals) -> IntArray:
    """Index into the path of each cell's price (n,): the latest of its product's, before the first of them that one."""
    changes = product_day_key(path.product, path.start)
    latest = np.searchsorted(changes, product_day_key(cells.product, cells.start), "right") - 1
    return np.maximum(latest, np.searchsorted(path.product, cells.product, "left"))


def _exposure(
    cells: _Intervals,
    path: _PricePath,
    in_force: IntArray,
    days: CumulatedDays,
    extra: FloatArray,
    long_totals: BoolArray,
) -> FloatArray:
    """Weighted open days of each cell (n,), and the `extra` days (n,) that it was sold on beside these.

    A day that two prices share is in the earlier one's cell: the later one's part of it changes over. Totals of more than
    a day (P,) stand on one day of many, so that all days of their cells count alike.
    """
    follows = np.concatenate(
        ([False], (cells.product[1:] == cells.product[:-1]) & (cells.start[1:] == cells.stop[:-1]))
    )
    begins = path.start[in_force] == cells.start
    shared = np.where(follows & begins, path.before[in_force], 0.0)
    shared *= days.weight_between(np.maximum(cells.start - 1, days.first_day), cells.start)
    exposure = days.weight_between(cells.start, cells.stop) + extra
    exposure += shared - np.append(shared[1:], 0.0)
    return np.where(long_totals[cells.product], cells.stop - cells.start, exposure)


def _distinct_prices(product: IntArray, log_price: FloatArray, products: int) -> IntArray:
    """Number of distinct prices of every product, (P,)."""
    new = group_starts(product, log_price)
    product, log_price = product[new], log_price[new]
    order = np.lexsort((log_price, product))
    distinct = group_starts(product[order], log_price[order])
    return np.bincount(product[order][distinct], minlength=products)


def _empty_panel(products: int) -> Panel:
    whole, real, mask = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_)
    none = np.zeros(products, np.int64)
    no_gaps = np.zeros(products, np.bool_)
    return Panel(whole, whole, whole, real, real, real, real, mask, none, none, none, no_gaps, mask, none)
