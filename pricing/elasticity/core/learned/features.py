"""Features of a product's week beside its price: season, level, sales and prices of its category.

All of it is made of sales freed of what prices did to them, at an elasticity that is given, since sales that carry the
price with them would take its effect over.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pricing.elasticity.core.constants import USUAL_UNITS_BESIDE
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import WEEKS_A_YEAR
from pricing.sales.core.grouping import pair_key

NEAR: Final = ((2, 4), (2, 13))
"""Weeks from which to which before a week, and after it, that show a product's level then."""
AROUND_A_YEAR: Final = (0, 1, 3)
"""Weeks before and after the same week of another year that are taken with it."""
BESIDE_THEN: Final = (3, 6)
"""Weeks from which to which before and after that same week whose prices are taken from its price: what is left is a
short peak of each year, while a price that changed for good has the same on one side."""
MOST_CATEGORIES: Final = 250
"""scikit-learn distinguishes no more than 255 values of a category."""

NAMES: Final = (
    "category",
    "week of the year",
    "weeks since the first",
    "promotion",
    "usual units a week",
    "usual price",
    "season of the category",
    "season of the shop",
    "prices of the category",
    *(f"sales {first} to {last} weeks before" for first, last in NEAR),
    *(f"sales {first} to {last} weeks after" for first, last in NEAR),
    *(f"sales within {reach} weeks of the same week of other years" for reach in AROUND_A_YEAR),
    "price in the same week of other years",
    "price then less that of the weeks that led up to it",
    "price then less that of the weeks that followed",
)
CATEGORY: Final = 0
SEASON: Final = NAMES.index("season of the category")
LEVEL_BEFORE: Final = NAMES.index("sales 2 to 13 weeks before")
LEVEL_AFTER: Final = NAMES.index("sales 2 to 13 weeks after")
AFTER: Final = tuple(place for place, name in enumerate(NAMES) if name.endswith("after"))


@dataclass(frozen=True, slots=True)
class Weeks:
    """Cells of products that may be learned from (n cells of P products), sorted as the panel's.

    Attributes
    ----------
    product, column : (n,) index of product, and of week from the first.
    units : (n,) units sold.
    usual : (n,) units the product sells in as many open days on average.
    price : (n,) log list price less the product's mean.
    promotion : (n,) whether that price is a promotion.
    log_usual_price : (P,) the product's mean log list price.
    weekly : (P,) units a week.
    category : (P,) 0..C-1, or -1.
    weeks : number of weeks W.
    first_week : number of the first.
    """

    product: IntArray
    column: IntArray
    units: FloatArray
    usual: FloatArray
    price: FloatArray
    promotion: BoolArray
    log_usual_price: FloatArray
    weekly: FloatArray
    category: IntArray
    weeks: int
    first_week: int


def weeks_of(panel: Panel, category: IntArray, allowed: BoolArray) -> Weeks:
    """Lay out the cells of the products that are allowed (P,) and sold anything."""
    products = category.size
    sold = np.bincount(panel.product, panel.units, products) > 0
    rows = np.flatnonzero((allowed & sold)[panel.product] & (panel.exposure > 0))
    product, exposure, units = panel.product[rows], panel.exposure[rows], panel.units[rows]
    days = np.bincount(product, exposure, products)
    rate = np.bincount(product, units, products) / np.where(days > 0, days, 1.0)
    price = panel.log_price[rows]
    mean = np.bincount(product, exposure * price, products) / np.where(days > 0, days, 1.0)
    first = int(panel.week[rows].min()) if rows.size else 0
    column = panel.week[rows] - first
    return Weeks(
        product=product,
        column=column,
        units=units,
        usual=rate[product] * exposure,
        price=price - mean[product],
        promotion=panel.promotion[rows],
        log_usual_price=mean,
        weekly=7.0 * rate,
        category=category,
        weeks=int(column.max(initial=-1)) + 1,
        first_week=first,
    )


def features(weeks: Weeks, elasticity: FloatArray, promotion: float) -> FloatArray:
    """(n, len(NAMES)) what is known of each cell beside its price; nan where nothing is.

    Parameters
    ----------
    weeks : n cells of P products.
    elasticity : (P,) at which sales are freed of what prices did.
    promotion : log lift of promotions beyond their price, the same.
    """
    products, shape = weeks.category.size, (weeks.category.size, weeks.weeks)
    usual = weeks.usual * np.exp(elasticity[weeks.product] * weeks.price + promotion * weeks.promotion)

    def by_week(values: FloatArray) -> FloatArray:
        flat = pair_key(weeks.product, weeks.column, weeks.weeks)
        return np.asarray(np.bincount(flat, values, products * weeks.weeks).reshape(shape), np.float64)

    sold, expected, priced = by_week(weeks.units), by_week(usual), by_week(weeks.usual * weeks.price)
    plain = by_week(weeks.usual)
    cell = (weeks.product, weeks.column)
    category = np.where(weeks.category < 0, weeks.category.max(initial=-1) + 1, weeks.category)
    categories = int(category.max(initial=0)) + 1
    of_category = []
    for table in (sold, expected, priced, plain):
        summed = np.zeros((categories, weeks.weeks))
        np.add.at(summed, category, table)
        of_category.append(summed[category[weeks.product], weeks.column] - table[cell])
    shop_sold, shop_expected = (table.sum(axis=0)[weeks.column] - table[cell] for table in (sold, expected))
    columns = [
        np.minimum(category, MOST_CATEGORIES - 1)[weeks.product].astype(np.float64),
        (weeks.first_week + weeks.column) % WEEKS_A_YEAR,
        weeks.column,
        weeks.promotion,
        np.log(weeks.weekly[weeks.product]),
        weeks.log_usual_price[weeks.product],
        _log_ratio(of_category[0], of_category[1]),
        _log_ratio(shop_sold, shop_expected),
        of_category[2] / (of_category[3] + USUAL_UNITS_BESIDE),
    ]
    for sign in (-1, 1):
        for first, last in NEAR:
            window = (first, last) if sign > 0 else (-last, -first)
            columns.append(_ratio_within([window], sold, expected)[cell])

    def other_years(reach: int) -> list[tuple[int, int]]:
        years = range(1, weeks.weeks // WEEKS_A_YEAR + 1)
        middles = [sign * year * WEEKS_A_YEAR for year in years for sign in (-1, 1)]
        return [(middle - reach, middle + reach) for middle in middles]

    columns += [_ratio_within(other_years(reach), sold, expected)[cell] for reach in AROUND_A_YEAR]
    near, far = BESIDE_THEN
    middles = [middle for middle, _ in other_years(0)]
    led_up, followed = (
        [(at + low, at + high) for at in middles] for low, high in ((-far, -near), (near, far))
    )
    then, before, since = (_price_within(each, priced, plain) for each in (other_years(0), led_up, followed))
    columns += [then[cell], (then - before)[cell], (then - since)[cell]]
    return np.stack(columns, axis=1).astype(np.float64)


def expected_units(weeks: Weeks, rows: FloatArray, *, from_the_past: bool) -> FloatArray:
    """(n,) units that season and level of each cell lead one to expect at the usual price: what is learned is their error.

    Parameters
    ----------
    rows : (n, len(NAMES)) from `features`.
    from_the_past : take the level from the weeks before alone.
    """
    levels = rows[:, [LEVEL_BEFORE] if from_the_past else [LEVEL_BEFORE, LEVEL_AFTER]]
    known = np.isfinite(levels)
    level = np.where(known, levels, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.asarray(weeks.usual * np.exp(rows[:, SEASON] + level))


def learn(
    rows: FloatArray, target: FloatArray, weight: FloatArray, settings: dict[str, Any], **more: Any
) -> Any:
    """Boost trees that predict a target from the rows of features; in one thread, the same every time.

    Raises
    ------
    ModuleNotFoundError : scikit-learn is not installed.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    # Of less than a year nothing is known of other years: scikit-learn cannot bin a column without any value.
    rows = np.where(np.isfinite(rows).any(axis=0), rows, 0.0)
    categorical = [CATEGORY]
    model = HistGradientBoostingRegressor(categorical_features=categorical, **settings, **more)
    with threadpool_limits(limits=1, user_api="openmp"):
        return model.fit(rows, target, sample_weight=weight)


def _log_ratio(sold: FloatArray, expected: FloatArray) -> FloatArray:
    return np.asarray(np.log((sold + USUAL_UNITS_BESIDE) / (np.maximum(expected, 0.0) + USUAL_UNITS_BESIDE)))


def _ratio_within(windows: list[tuple[int, int]], sold: FloatArray, expected: FloatArray) -> FloatArray:
    """(P, W) log of what was sold over what is usual within windows around each week; nan where nothing is usual."""
    total, usual = _within(windows, sold), _within(windows, expected)
    return np.where(usual > 0, _log_ratio(total, usual), np.nan)


def _price_within(windows: list[tuple[int, int]], priced: FloatArray, plain: FloatArray) -> FloatArray:
    """(P, W) mean price within windows around each week; nan where nothing is usual."""
    total, usual = _within(windows, priced), _within(windows, plain)
    return np.where(usual > 0, total / np.where(usual > 0, usual, 1.0), np.nan)


def _within(windows: list[tuple[int, int]], table: FloatArray) -> FloatArray:
    """(P, W) sum of each row over the columns from `first` to `last` away, in every window."""
    weeks = table.shape[1]
    upto = np.pad(np.cumsum(table, axis=1), ((0, 0), (1, 0)))
    at = np.arange(weeks)
    total = np.zeros_like(table)
    for first, last in windows:
        low, high = (np.clip(at + edge, 0, weeks) for edge in (first, last + 1))
        total += upto[:, high] - upto[:, low]
    return total
