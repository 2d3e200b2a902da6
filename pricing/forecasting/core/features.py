"""Features of products on the day before a forecast: the columns of the boosted model.

Sums and levels stand relative to what the default expects of the product, so that what is learned from one product holds
for another that sells a hundred times as much.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import SMALLEST_CATEGORY
from pricing.forecasting.core.backtest import HORIZON
from pricing.forecasting.core.lines import since
from pricing.forecasting.core.panel import (
    DemandPanel,
    expected_profile,
    open_days_since,
    open_weights,
    profile_of_days,
    weekday_profile,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.constants import PROMOTION_REACH_DAYS

ALPHAS: Final = (0.02, 0.07, 0.2)
WEEKS: Final = (1, 2, 3, 4)
SPANS: Final = ((56, 28), (91, 56), (182, 91), (364, 182))
"""Days before the origin at which longer sums begin and end."""
YEAR: Final = 364
USUAL_DAYS: Final = 182
MOST_CATEGORIES: Final = 250
"""scikit-learn distinguishes no more than 255 values of a category."""

FEATURES: Final = (
    "expected",
    *(f"{of}_smoothed_{alpha}" for alpha in ALPHAS for of in ("units", "lines")),
    *(f"week_{week}" for week in WEEKS),
    *(f"days_{begin}_to_{end}" for begin, end in SPANS),
    "same_days_a_year_ago",
    "shop_same_days_a_year_ago",
    "shop_last_28_days",
    "weekend_share",
    "best_day",
    "days_inactive",
    "sold_days_28",
    "sold_days_91",
    "age",
    "season_sine",
    "season_cosine",
    "price",
    "price_against_usual",
    "promotion_share",
    "category",
)
CATEGORY_COLUMN: Final = FEATURES.index("category")


@dataclass(frozen=True, slots=True)
class PricePanel:
    """List prices of P products over the T days of a demand panel.

    Attributes
    ----------
    price : (P, T) the newest list price known on each day, nan before the first.
    promotion : (P, T) whether the day's sales were made at a promotion.
    """

    price: FloatArray
    promotion: BoolArray

    def until(self, columns: int) -> "PricePanel":
        """The first columns alone: what was known then."""
        return PricePanel(self.price[:, :columns], self.promotion[:, :columns])


def price_panel(
    product: IntArray,
    day: IntArray,
    list_price: FloatArray,
    promotion: BoolArray,
    *,
    products: int,
    first_day: int,
    end: int,
) -> PricePanel:
    """Spread the list prices of product-days over a panel and carry each forward to the next.

    Parameters
    ----------
    product, day, list_price, promotion : (n,) at most one entry for each product and day; nan or 0 where no price is known.
    products : P.
    first_day, end : the panel's first day and the day after its last; days outside it are left out.
    """
    span = max(end - first_day, 0)
    inside = (day >= first_day) & (day < end)
    at = (product[inside], day[inside] - first_day)
    price, promoted = np.full((products, span), np.nan), np.zeros((products, span), np.bool_)
    price[at], promoted[at] = list_price[inside], promotion[inside]
    price[price <= 0] = np.nan
    newest = np.where(np.isfinite(price), np.arange(span), 0)
    np.maximum.accumulate(newest, axis=1, out=newest)
    return PricePanel(np.take_along_axis(price, newest, axis=1), promoted)


def category_feature(category: IntArray) -> FloatArray:
    """(P,) codes 0.. of the largest categories; nan for none and for those with fewer than 8 products."""
    codes, members = np.unique(category[category >= 0], return_counts=True)
    order = np.argsort(-members, kind="stable")[:MOST_CATEGORIES]
    kept = np.sort(codes[order][members[order] >= SMALLEST_CATEGORY])
    place = np.searchsorted(kept, category)
    found = np.append(kept, -2)[place] == category
    return np.where(found, place, np.nan)


def features(
    known: DemandPanel, prices: PricePanel, category: FloatArray, expected: FloatArray
) -> FloatArray:
    """(P, F) columns as `FEATURES` names them, of the day after a panel; nan where something cannot be known.

    Nothing is read but what the panels hold: what comes after them cannot be seen.

    Parameters
    ----------
    known, prices : what was known at the origin.
    category : (P,) as `category_feature` numbers them.
    expected : (P,) units that the default expects of the next 28 days.
    """
    scale = expected + 1.0
    found = np.column_stack(
        (
            np.log(scale),
            *_levels(known, scale),
            *_sums(known, scale),
            *_shop(known),
            *_habits(known, scale),
            *_season(known),
            *_prices(prices),
            category,
        )
    )
    return np.asarray(found)


def _levels(known: DemandPanel, scale: FloatArray) -> list[FloatArray]:
    """Units against the expected ones, and lines, of 28 days at each speed of smoothing."""
    profile = weekday_profile(known)
    weight = open_weights(known, profile)
    age = open_days_since(known, weight)
    ahead = profile_of_days(expected_profile(known), known.end, HORIZON).sum()
    found = []
    for alpha in ALPHAS:
        decay = (1 - alpha) ** age
        exposure = np.maximum(since(known.start, decay * weight), 1e-9)
        found.append(np.log((known.units @ decay / exposure * ahead + 1) / scale))
        found.append(np.log(known.lines @ decay / exposure * ahead + 1))
    return found


def _sums(known: DemandPanel, scale: FloatArray) -> list[FloatArray]:
    """Sales of the last weeks and of longer spans, and of the same 28 days a year ago against the 28 before them."""
    total = np.concatenate((np.zeros((known.units.shape[0], 1)), np.cumsum(known.units, axis=1)), axis=1)
    history = known.days - known.start

    def sold(begin: int, end: int) -> FloatArray:
        return np.asarray(total[:, max(known.days - end, 0)] - total[:, max(known.days - begin, 0)])

    found = [np.log((4 * sold(7 * week, 7 * week - 7) + 1) / scale) for week in WEEKS]
    for begin, end in SPANS:
        a_month = sold(begin, end) * HORIZON / (begin - end)
        found.append(np.where(history >= begin, np.log((a_month + 1) / scale), np.nan))
    after, before = sold(YEAR, YEAR - HORIZON), sold(YEAR + HORIZON, YEAR)
    found.append(np.where(history >= YEAR + HORIZON, np.log((after + 1) / (before + 1)), np.nan))
    return found


def _shop(known: DemandPanel) -> list[FloatArray]:
    """How the whole shop moved over the same 28 days a year ago, and over the last 28."""
    total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(known.shop_units))))

    def change(begin: int) -> float:
        """Of the 28 days that begin a given number of days before the origin, against the 28 before them."""
        if known.days < begin + HORIZON:
            return np.nan
        place = known.days - begin
        after, before = total[place + HORIZON] - total[place], total[place] - total[place - HORIZON]
        return float(np.log((after + 1) / (before + 1)))

    return [np.full(known.units.shape[0], change(begin)) for begin in (YEAR, HORIZON)]


def _habits(known: DemandPanel, scale: FloatArray) -> list[FloatArray]:
    """Share of the weekend, best day, days without a sale, sold days, age."""
    sold = known.units > 0
    usual = known.units[:, -USUAL_DAYS:]
    weekend = usual[:, known.weekday[-USUAL_DAYS:] >= 5].sum(axis=1)
    total = usual.sum(axis=1)
    return [
        np.divide(weekend, total, out=np.full(total.size, np.nan), where=total > 0),
        np.log((known.units[:, -91:].max(axis=1, initial=0.0) + 1) / scale),
        np.log1p(known.days - known.stop),
        sold[:, -28:].sum(axis=1),
        sold[:, -91:].sum(axis=1),
        np.log1p(known.days - known.start),
    ]


def _season(known: DemandPanel) -> list[FloatArray]:
    """Where in the year the middle of the next 28 days lies."""
    middle = np.datetime64(known.end + HORIZON // 2, "D")
    day = (middle - middle.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
    angle = 2 * np.pi * float(day) / 365.25
    return [np.full(known.units.shape[0], wave) for wave in (np.sin(angle), np.cos(angle))]


def _prices(prices: PricePanel) -> list[FloatArray]:
    """List price, the same against its median of half a year, and the share of promotions.

    Whether a price was a promotion shows up to 35 days later, so the newest days are left out of the share: they
    would look different in the past, of which that is known, and today.
    """
    products, days = prices.price.shape
    now = prices.price[:, -1] if days else np.full(products, np.nan)
    # A day of each week is enough for a median; a product without a price in half a year has none now either.
    usual = prices.price[:, -USUAL_DAYS:][:, ::-7]
    middle = np.full(products, np.nan)
    priced = np.isfinite(usual).any(axis=1)
    middle[priced] = np.nanmedian(usual[priced], axis=1)
    settled = prices.promotion[:, -USUAL_DAYS : max(days - PROMOTION_REACH_DAYS, 0) or None]
    if days <= PROMOTION_REACH_DAYS:
        settled = settled[:, :0]
    share = settled.sum(axis=1) / max(settled.shape[1], 1)
    return [np.log(now), np.log(now / middle), share]
