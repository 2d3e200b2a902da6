"""What a shop's products are, and how demand for them comes about."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from tests.dgp import Bools, Floats, Ints
from tests.simulated_shops.prices import Prices, Rows
from tests.simulated_shops.spec import Demand, ShopSpec

DAYS_A_YEAR = 365.25
WEEKDAYS = np.array([0.8, 0.8, 0.9, 1.0, 1.3, 1.6, 0.6])  # Monday first
TYPES = np.array([-0.6, 0.0, 0.6])  # customers differ: added to the elasticity, a third of them each
KINK = 0.4  # demand falls by 1.4 times the elasticity above the base price, rises by 0.6 times below
SHOCK_SD, SHOCK_WEEKS = 0.2, 3.5  # unexpected demand of a product, and how long it lasts
VISITS_SD, VISITS_WEEKS = 0.08, 8.0  # the same of the whole shop
RIVAL_FOLLOWS, RIVAL_LAG = 0.6, 7
ADAPTATION_DAYS = 21
COUPON_HOLDERS = 0.3
WEB_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Products:
    category: Ints  # (P,)
    category_mean: Floats  # (C,)
    elasticity: Floats  # (P,)
    base_price: Floats
    lines: Floats  # sales lines a day at the base price
    quantity: Floats  # mean units of a line at the base price
    quantity_part: Floats  # part of the elasticity by which lines grow instead of getting more
    attraction: Floats  # logit demand: share of those who look that buy at the base price
    lift: Floats  # log lift by a promotion's display
    rival_effect: Floats  # cross elasticity with a rival's price
    trend: Floats  # log growth a year
    lumpiness: Floats  # variance of the daily line count over its mean, less one
    cost: Floats


@dataclass(frozen=True, slots=True)
class Expected:
    """Mean demand of a day: `units` = `lines` x `quantity`, all (R, D); parts of the lines with a coupon, its size."""

    units: Floats
    lines: Floats
    quantity: Floats
    coupon_share: Floats
    coupon: Floats
    rival_price: Floats  # (P, D) log over its base


def draw_products(rng: Generator, spec: ShopSpec) -> Products:
    """Draw what the products of a shop are: the same for all shops of a seed, whatever disturbs them."""
    n = spec.products
    log_variance = np.log1p((spec.elasticity_sd / spec.mean_elasticity) ** 2)
    within, between = ((1 - spec.category_part) * log_variance, spec.category_part * log_variance)
    center = np.log(-spec.mean_elasticity) - log_variance / 2
    category_log = center + rng.normal(0, np.sqrt(between), spec.categories)
    category = rng.permutation(np.arange(n) % spec.categories)
    base_price = np.maximum(np.round(rng.lognormal(np.log(5), 0.7, n), 2), 0.6)
    lines = spec.lines_per_day * rng.lognormal(-(spec.lines_log_sd**2) / 2, spec.lines_log_sd, n)
    return Products(
        category=category,
        category_mean=-np.exp(category_log + within / 2),
        elasticity=-np.exp(category_log[category] + rng.normal(0, np.sqrt(within), n)),
        base_price=base_price,
        lines=lines,
        quantity=1.4 + rng.gamma(1.5, 0.8, n),
        quantity_part=rng.uniform(0, 0.25, n),
        attraction=rng.uniform(0.1, 0.6, n),
        lift=rng.normal(0.3, 0.12, n),
        rival_effect=rng.uniform(0.2, 0.8, n),
        trend=rng.normal(0, 0.25, n),
        lumpiness=rng.gamma(2, 0.25, n) + 0.15 * lines,
        cost=np.round(base_price * rng.uniform(0.4, 0.75, n), 2),
    )


def draw_season(rng: Generator, spec: ShopSpec, category: Ints) -> Floats:
    """(P, D) log season, mean of its exponential 1: a peak near the category's, its own height, width and date, and
    for a third of the products a lower second one."""
    n, t = spec.products, np.arange(spec.days)
    peak = rng.uniform(0, DAYS_A_YEAR, spec.categories)[category] + rng.normal(0, 25, n)
    narrow = rng.uniform(1.0, 5.0, (2, n))[:, :, None]
    height = rng.gamma(4, 0.15, n)[:, None]
    second = height * 0.6 * (rng.random(n) < 1 / 3)[:, None]
    away = rng.uniform(90, 270, n)
    angle = 2 * np.pi * (t - np.stack([peak, peak + away])[:, :, None]) / DAYS_A_YEAR
    bump = np.exp(narrow * (np.cos(angle) - 1))
    season = height * bump[0] + second * bump[1]
    centred: Floats = season - np.log(np.exp(season).mean(axis=1, keepdims=True))
    return centred


def draw_shocks(rng: Generator, rows: int, days: int, sd: float, weeks: float) -> Floats:
    """(rows, D) first-order autoregressive log shocks of mean 1 in demand, forgotten by 1/e in so many weeks."""
    keep = np.exp(-1 / (7 * weeks))
    shock = rng.normal(0, sd, (rows, days))
    for t in range(1, days):
        shock[:, t] = keep * shock[:, t - 1] + np.sqrt(1 - keep**2) * shock[:, t]
    return shock - sd**2 / 2


def log_response(
    log_price: Floats, elasticity: Floats, kind: Demand, attraction: Floats | None = None
) -> Floats:
    """Log demand over that at the base price; its slope at 0 is the elasticity.

    constant: three types of customers, each with a constant elasticity of its own. logit: of those who look, 1 /
    (1 + exp(a + b p)) buy, a share ``attraction`` at the base price. kinked: a loss weighs more than a gain (Tversky &
    Kahneman 1991); at the base price the slope is the mean of the sides'.
    """
    if kind == "kinked":
        slope = elasticity * (1 + KINK * np.sign(log_price))
        bent: Floats = slope * log_price
        return bent
    if kind == "logit":
        assert attraction is not None
        steepness = -elasticity / (1 - attraction)
        odds = (1 - attraction) / attraction * np.exp(steepness * np.expm1(log_price))
        answer: Floats = -np.log1p(odds) - np.log(attraction)
        return answer
    mixed: Floats = np.log(np.mean([np.exp((elasticity + d) * log_price) for d in TYPES], axis=0))
    return mixed


def expected_demand(
    rng: Generator,
    products: Products,
    rows: Rows,
    prices: Prices,
    log_price: Floats,
    log_other: Floats,
    affected: dict[str, Bools],
    kind: Demand,
) -> Expected:
    """Expect demand from prices.

    Parameters
    ----------
    log_price : (R, D) price asked, log over base.
    log_other : (R, D) season, trend, shocks, weekday; minus infinity where the product is not to be had.
    affected : by name, (P,) whether the product is affected by a disturbance.
    """
    own = rows.product
    elasticity, attraction = products.elasticity[own][:, None], products.attraction[own][:, None]
    adapted = np.where(affected["slow_adaptation"][own][:, None], adapt(log_price), log_price)
    response = log_response(adapted, elasticity, kind, attraction)
    n, days = affected["slow_adaptation"].size, log_price.shape[1]
    rival = _rival_prices(rng, prices.regular[:n], affected["rivals_follow"])
    coupon, holders = _coupons(rng, products, days)
    holders = holders[own] * affected["coupons"][own][:, None] * (rows.account < 0)[:, None]
    coupon = coupon[own]
    with_coupon = holders * np.exp(log_response(adapted + coupon, elasticity, kind, attraction) - response)
    more = 1 - holders + with_coupon
    log_units = np.log(products.lines * products.quantity)[own][:, None] + np.log(rows.size)[:, None]
    log_units = log_units + response + np.log(more) + log_other
    log_units += products.lift[own][:, None] * prices.promotion
    log_units += (products.rival_effect[:, None] * rival)[own]
    units = np.exp(log_units)
    by_quantity = np.exp(products.quantity_part[own][:, None] * response)
    quantity = np.maximum(products.quantity[own][:, None] * by_quantity, 1.05)
    return Expected(units, units / quantity, quantity, with_coupon / more, coupon, rival)


def adapt(log_price: Floats) -> Floats:
    keep = np.exp(-1 / ADAPTATION_DAYS)
    adapted = log_price.copy()
    for t in range(1, adapted.shape[1]):
        adapted[:, t] = keep * adapted[:, t - 1] + (1 - keep) * log_price[:, t]
    return adapted


def _rival_prices(rng: Generator, regular: Floats, follows: Bools) -> Floats:
    """(P, D) log price of the competitor: follows ours after a week and changes by itself now and then."""
    n, days = regular.shape
    seen = np.concatenate([np.repeat(regular[:, :1], RIVAL_LAG, axis=1), regular[:, :-RIVAL_LAG]], axis=1)
    quarter = rng.normal(0, 0.05, (n, days // 91 + 1))[:, np.arange(days) // 91]
    rival: Floats = (RIVAL_FOLLOWS * seen + quarter) * follows[:, None]
    return rival


def _coupons(rng: Generator, products: Products, days: int) -> tuple[Floats, Floats]:
    """(P, D) log cut by a coupon, and the share of buyers that holds one: campaigns of four weeks by category."""
    quarters = -(-days // 91)
    shape = (products.category_mean.size, quarters)
    start = rng.integers(0, 63, shape) + 91 * np.arange(quarters)
    size = np.log(1 - rng.uniform(0.1, 0.25, shape))
    t = np.arange(days)
    at = t // 91
    running = (start[:, at] <= t) & (t < start[:, at] + 28)
    return size[:, at][products.category], COUPON_HOLDERS * running[products.category]
