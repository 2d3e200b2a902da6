"""Prices and expected demand of the generated shop, per product and day."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from simulations.generator.catalogue import CATEGORIES, ICED_LATTE, Catalogue, tidy_price

DAYS_A_YEAR: Final = 365.25
MONDAY_AT_EPOCH: Final = 3
WEEKDAY_WEIGHT: Final = np.array([0.0, 0.85, 0.90, 0.95, 1.15, 1.45, 1.20])
HOLIDAYS: Final = ("01-01", "12-25", "12-26")

# A low price between two higher ones passes for a promotion unless it outlasts the 35 days on both sides.
SHORTEST_BLOCK, LONGEST_BLOCK = 75, 130
QUIET_END: Final = 60
PRICE_LEVEL_SD: Final = 0.13
NEVER_REPRICED: Final = 0.06
PROMOTION_SLOTS: Final = 5
PROMOTION_USED: Final = 0.7
PROMOTION_DEPTHS: Final = np.array([0.10, 0.15, 0.20, 0.25])
LATE_LAUNCH: Final = 0.08
SOLD_OUT_ONCE: Final = 0.10

ICED_LATTE_LEVELS: Final = np.array([12.49, 13.99, 11.99, 14.49, 12.49, 13.49, 11.49, 13.99, 11.99, 12.99])
ICED_LATTE_PROMOTIONS: Final = ((0.15, 0.10), (0.35, 0.10), (0.55, 0.15), (0.75, 0.10))
ICED_LATTE_PROMOTION_DAYS: Final = 10


@dataclass(frozen=True, slots=True)
class PricePaths:
    """Prices of P products on D days, shape (P, D): the regular one, the effective one, and where a promotion sets it."""

    regular: FloatArray
    effective: FloatArray
    promotion: BoolArray


def open_weight(days: IntArray) -> FloatArray:
    """(D,) how busy each day is by its weekday, 1 on average over open days; 0 when the shop is closed."""
    month_and_day = np.char.partition(days.astype("datetime64[D]").astype(str), "-")[:, 2]
    holiday = np.isin(month_and_day, HOLIDAYS)
    weight = WEEKDAY_WEIGHT[(days + MONDAY_AT_EPOCH) % 7] / WEEKDAY_WEIGHT[WEEKDAY_WEIGHT > 0].mean()
    return np.where(holiday, 0.0, weight)


def season(days: IntArray) -> FloatArray:
    """(categories, D) seasonal factor, averaging about 1 over a year."""
    dates = days.astype("datetime64[D]")
    day_of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    peak = np.array([category.peak_day for category in CATEGORIES])[:, None]
    amplitude = np.array([category.season for category in CATEGORIES])[:, None]
    factor: FloatArray = np.exp(amplitude * np.cos(2 * np.pi * (day_of_year - peak) / DAYS_A_YEAR))
    return factor


def price_paths(rng: np.random.Generator, catalogue: Catalogue, days: int) -> PricePaths:
    """Regular prices in steps lasting weeks, and promotions of one to two weeks cut from them.

    The last 60 days bring no step and no promotion, so that every product's newest price is well visible.
    """
    regular = _regular_prices(rng, catalogue, days)
    depth = _promotion_depths(rng, catalogue.base_price.size, days)
    if days >= 10 * ICED_LATTE_PROMOTION_DAYS:
        block = np.arange(days) * ICED_LATTE_LEVELS.size // days
        regular[ICED_LATTE] = ICED_LATTE_LEVELS[block]
        depth[ICED_LATTE] = 0.0
        for place, cut in ICED_LATTE_PROMOTIONS:
            depth[ICED_LATTE, int(place * days) :][:ICED_LATTE_PROMOTION_DAYS] = cut
    else:
        regular[ICED_LATTE], depth[ICED_LATTE] = catalogue.base_price[ICED_LATTE], 0.0
    return PricePaths(regular, np.round(regular * (1 - depth), 2), depth > 0)


def relative_demand(catalogue: Catalogue, prices: PricePaths, days: IntArray) -> FloatArray:
    """Expected units of each product and day, (P, D), relative to an average open day at the base price.

    Constant elasticity in the effective price, times weekday, season, trend (0 on the last day) and the lift of
    a promotion's display.
    """
    log_price = np.log(prices.effective / catalogue.base_price[:, None])
    years = (days - days[-1]) / DAYS_A_YEAR
    log_demand = (
        catalogue.elasticity[:, None] * log_price
        + catalogue.trend[:, None] * years
        + catalogue.display_lift[:, None] * prices.promotion
    )
    demand: FloatArray = np.exp(log_demand) * season(days)[catalogue.category] * open_weight(days)
    return demand


def availability(rng: np.random.Generator, products: int, days: int) -> BoolArray:
    """(P, D) whether a product is available: some come late, some sell out for weeks, the first never does."""
    day = np.arange(days)
    launch = np.where(rng.random(products) < LATE_LAUNCH, rng.uniform(0.15, 0.60, products) * days, 0)
    gap = np.where(rng.random(products) < SOLD_OUT_ONCE, rng.integers(20, 45, products), 0)
    gap_start = (rng.uniform(0.05, 0.80, products) * days).astype(np.int64)
    in_gap = (day >= gap_start[:, None]) & (day < (gap_start + gap)[:, None])
    available = (day >= launch[:, None]) & ~in_gap
    available[ICED_LATTE] = True
    return available


def _regular_prices(rng: np.random.Generator, catalogue: Catalogue, days: int) -> FloatArray:
    products = catalogue.base_price.size
    blocks = days // SHORTEST_BLOCK + 2
    lengths = rng.integers(SHORTEST_BLOCK, LONGEST_BLOCK, (products, blocks))
    lengths[:, 0] = rng.integers(20, LONGEST_BLOCK, products)
    ends = np.cumsum(lengths, axis=1)
    ends[ends > days - QUIET_END] = days
    block = np.minimum((np.arange(days) >= ends[:, :, None]).sum(axis=1), blocks - 1)
    spread = np.clip(rng.normal(0, PRICE_LEVEL_SD, (products, blocks)), -0.30, 0.30)
    spread[rng.random(products) < NEVER_REPRICED] = 0.0
    levels = tidy_price(catalogue.base_price[:, None] * np.exp(spread))
    prices: FloatArray = np.take_along_axis(levels, block, axis=1)
    return prices


def _promotion_depths(rng: np.random.Generator, products: int, days: int) -> FloatArray:
    """(P, D) fraction cut from the regular price, 0 outside promotions."""
    shape = (products, PROMOTION_SLOTS)
    start = (rng.random(shape) * max(days - QUIET_END - 20, 1)).astype(np.int64)
    length = np.where(rng.random(shape) < PROMOTION_USED, rng.integers(7, 15, shape), 0)
    length = np.where(start + length > days - QUIET_END, 0, length)
    cut = rng.choice(PROMOTION_DEPTHS, shape)
    day = np.arange(days)
    running = (day >= start[:, :, None]) & (day < (start + length)[:, :, None])
    depth: FloatArray = np.max(cut[:, :, None] * running, axis=1)
    return depth
