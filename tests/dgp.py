"""Seeded shops whose true elasticities are known.

The unit of simulation is the single line of an invoice, not the product-week: how many lines a product
gets on a day is Poisson or negative binomial, each line is bought by somebody (an anonymous web visitor, a
retail account or a trade account), who decides its quantity, and what is paid follows from the shelf
price, the channel and the quantity. Units respond to the *shelf* price only, through the number of
lines, so a product's expected units have exactly its true elasticity in ``list_price`` (where segments
differ: at the base price).

Every disturbance has its own switch. All draws come from one seeded generator that is split into named
streams: with the same seed two shops that differ in their switches share products and elasticities.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STREAMS = ("truth", "prices", "season", "life", "promotions", "counts", "buyers", "lines")
SEGMENTS = 3
DAYS_A_YEAR = 365.25
MINUTES_A_DAY = 1440
WEEKDAYS = np.array([1.05, 1.1, 1.1, 1.15, 1.0, 0.0, 0.6])  # Monday first, closed on Saturdays
LEAST_ELASTIC = -0.1
RETAIL_STOP, WEB_STOP = 1 / 3, 0.6  # a line of these buyers is geometric: 3 and 1.67 units on average
TRADE_PACKS, TRADE_SHARES = np.array([4, 6, 12, 24]), np.array([0.3, 0.35, 0.25, 0.1])
FIRST_BREAK, SECOND_BREAK = 12, 24
CLEARANCE_DAYS, MARKDOWN_DAYS = 56, 14


@dataclass(frozen=True, slots=True)
class Disturbances:
    """What stands between a shop's sales lines and its elasticities, each with its own switch."""

    quantity_breaks: bool = True  # 12 units and more pay 10-15 % less, 24 and more another 5 %
    web_markup: bool = True  # lines without a customer id pay about double
    intermittent: bool = True  # negative binomial instead of Poisson line counts
    weekly_season: bool = True  # weekday profile, Saturdays closed
    yearly_season: bool = True  # by category, peak near the end of the year
    trend: bool = True  # growth or decline of the product, about +-35 % a year
    stockouts: bool = True  # 5-60 days without sales, about 1.2 times a year
    promotions: bool = True  # 10-30 % off for one or two weeks, with display lift beyond the elasticity
    in_season_prices: bool = True  # half of the products cost more in the high season (which it implies)
    clearance: bool = True  # 15 % of the products end, after eight weeks of markdowns and fading interest
    returns: bool = True  # negative lines: 2 % of the account lines cancelled, 1 % free-standing
    bulk_orders: bool = True  # 0.2 % of the lines are for 150-1,500 units
    mistyped_prices: bool = True  # 0.3 % of the lines at ten times, a tenth of the price, or 0
    duplicates: bool = True  # 1 % of the lines stand twice in their invoice

    @classmethod
    def all(cls) -> Disturbances:
        return cls()

    @classmethod
    def none(cls) -> Disturbances:
        return cls(**{field.name: False for field in fields(cls)})

    @classmethod
    def only(cls, *names: str) -> Disturbances:
        return replace(cls.none(), **dict.fromkeys(names, True))


@dataclass(frozen=True, slots=True)
class ShopSpec:
    """A kind of shop. ``elasticity_sd`` is the total spread: the within-category variance is
    ``elasticity_sd**2 - category_sd**2``. Elasticities above -0.1 are set to -0.1 (1.7 % of them at the
    default mean and spread). ``lines_per_day`` is the shop's mean over products of the line rate at the base
    price, an ordinary week's mean, closed days included; ``log_price_sd`` the root mean square over products
    of the sd over time of the log regular price, promotions and season surcharges not counted."""

    products: int = 2000
    categories: int = 20
    days: int = 730
    first_day: int = (date(2022, 6, 1) - date(1970, 1, 1)).days
    lines_per_day: float = 0.5
    lines_log_sd: float = 1.0
    log_price_sd: float = 0.08
    mean_elasticity: float = -1.8
    elasticity_sd: float = 0.8
    category_sd: float = 0.5
    segment_sd: float = 0.0
    customers: int = 3000
    disturbances: Disturbances = Disturbances()

    def __post_init__(self) -> None:
        if self.elasticity_sd < self.category_sd:
            raise ValueError("elasticity_sd is the total spread: it cannot be below category_sd")
        if self.customers < 5 * SEGMENTS:
            raise ValueError(f"a shop needs at least {5 * SEGMENTS} customers")
        if self.days <= 2 * CLEARANCE_DAYS:
            raise ValueError(f"a shop needs more than {2 * CLEARANCE_DAYS} days")

    @property
    def within_sd(self) -> float:
        return float(np.sqrt(self.elasticity_sd**2 - self.category_sd**2))


SPARSE = ShopSpec(products=2000, lines_per_day=0.5, log_price_sd=0.08)
REGULAR = ShopSpec(products=2000, lines_per_day=3.0, log_price_sd=0.12)
HARD = replace(REGULAR, mean_elasticity=-3.0, elasticity_sd=1.2)


@dataclass(frozen=True, slots=True)
class SimulatedShop:
    """The n sales lines of a shop in order of time, and the truth behind them (P products, D days)."""

    spec: ShopSpec
    product: Ints  # (n,) index 0..P-1
    day: Ints  # (n,) days since 1970-01-01
    minute: Ints  # (n,) minutes since 1970-01-01
    quantity: Ints  # (n,) negative: returned
    price: Floats  # (n,) paid per unit, to the cent
    customer: Ints  # (n,) index into customer_segment, -1 without id
    invoice: Ints  # (n,)
    cancellation: Bools  # (n,)
    product_category: Ints  # (P,)
    true_category_mean: Floats  # (categories,)
    true_elasticity: Floats  # (P,)
    segment_elasticity: Floats  # (P, SEGMENTS), mean over segments = true_elasticity
    customer_segment: Ints  # (customers,)
    list_price: Floats  # (P, D) shelf price, cut by promotions and markdowns
    regular_price: Floats  # (P, D) shelf price had there been no promotion
    promotion: Bools  # (P, D)
    promotion_lift: Floats  # (P,) log display lift of a promotion, beyond the price
    log_season: Floats  # (P, D) log yearly season of the product's demand
    available: Bools  # (P, D) on sale: shop open, in stock, not yet delisted
    expected_lines: Floats  # (P, D) mean number of sale lines, before bulk orders and duplicates
    mean_quantity: Floats  # (P,) mean units of a sale line, at the base price, before bulk orders
    cost: Floats  # (P,) per unit
    ideal_standard_error: Floats  # (P,) see ideal_standard_error()

    @property
    def lines(self) -> dict[str, NDArray[np.generic]]:
        """The columns of the sales lines by name: ``SalesLines(**shop.lines, voided=...)``."""
        names = ("product", "day", "minute", "quantity", "price", "customer", "invoice", "cancellation")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class _Products:
    category: Ints
    category_mean: Floats
    elasticity: Floats
    segment_deviation: Floats  # (P, SEGMENTS)
    base_price: Floats
    base_lines: Floats
    web_share: Floats
    trade_share: Floats
    web_multiplier: Floats
    break_discount: Floats
    lumpiness: Floats  # variance of the line count over its mean, less one, at the base rate
    promotion_lift: Floats
    cost: Floats


@dataclass(frozen=True, slots=True)
class _Life:
    available: Bools  # (P, D)
    markdown: Ints  # (P, D) clearance stage 0..4
    log_interest: Floats  # (P, D) trend and fading of interest


@dataclass(frozen=True, slots=True)
class _Lines:
    """Columns of the lines while they are being written."""

    product: Ints
    day: Ints
    minute: Ints
    quantity: Ints
    price: Floats
    customer: Ints
    invoice: Ints

    def take(self, rows: NDArray[np.generic]) -> _Lines:
        return _Lines(*(getattr(self, field.name)[rows] for field in fields(self)))

    def plus(self, other: _Lines) -> _Lines:
        names = [field.name for field in fields(self)]
        return _Lines(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))


def simulate_shop(spec: ShopSpec, seed: int) -> SimulatedShop:
    """Simulate a shop; the same specification and seed give the same shop.

    Parameters
    ----------
    spec : ShopSpec
        What kind of shop.
    seed : int
        Seed of the one generator behind every draw.
    """
    rng = dict(zip(STREAMS, np.random.default_rng(seed).spawn(len(STREAMS)), strict=True))
    on = spec.disturbances
    products = _draw_products(rng["truth"], spec)
    log_season, high_season = _season(rng["season"], spec, products.category)
    life = _life(rng["life"], spec)
    cut = _promotion_cuts(rng["promotions"], spec) * (life.markdown == 0)
    regular = products.base_price[:, None] * np.exp(_price_steps(rng["prices"], spec))
    regular *= np.exp(_season_surcharge(rng["prices"], spec)[:, None] * high_season)
    regular = np.maximum(np.round(regular * (1 - 0.1 * life.markdown), 2), 0.01)
    list_price = np.maximum(np.round(regular * (1 - cut), 2), 0.01)
    log_price = np.log(list_price / products.base_price[:, None])
    demand = _expected_lines(products, log_price, cut > 0, log_season + life.log_interest)
    demand *= life.available * (_weekday_factor(spec) if on.weekly_season else 1.0)
    counts = _line_counts(rng["counts"], demand, products, on.intermittent)
    lines = _write_lines(rng["buyers"], spec, products, counts, log_price)
    lines = replace(lines, price=_paid_price(lines, products, list_price, spec))
    lines = _disturb_lines(rng["lines"], lines, spec)
    lines = lines.take(np.argsort(lines.minute, kind="stable"))
    return SimulatedShop(
        spec=spec,
        **{field.name: getattr(lines, field.name) for field in fields(lines)},
        cancellation=lines.quantity < 0,
        product_category=products.category,
        true_category_mean=products.category_mean,
        true_elasticity=products.elasticity,
        segment_elasticity=products.elasticity[:, None] + products.segment_deviation,
        customer_segment=np.arange(spec.customers) % SEGMENTS,
        list_price=list_price,
        regular_price=regular,
        promotion=cut > 0,
        promotion_lift=products.promotion_lift,
        log_season=log_season,
        available=life.available & (demand > 0),
        expected_lines=demand,
        mean_quantity=_quantity_moments(products)[0],
        cost=products.cost,
        ideal_standard_error=_ideal_standard_error(products, demand, log_price, cut > 0, log_season, on),
    )


def _draw_products(rng: Generator, spec: ShopSpec) -> _Products:
    n = spec.products
    category = rng.permutation(np.arange(n) % spec.categories)
    category_mean = rng.normal(spec.mean_elasticity, spec.category_sd, spec.categories)
    elasticity = category_mean[category] + rng.normal(0, spec.within_sd, n)
    deviation = rng.normal(0, spec.segment_sd, (n, SEGMENTS))
    deviation -= deviation.mean(axis=1, keepdims=True)
    base_price = np.maximum(np.round(rng.lognormal(np.log(4), 0.7, n), 2), 0.6)
    return _Products(
        category=category,
        category_mean=category_mean,
        elasticity=np.minimum(elasticity, LEAST_ELASTIC),
        # Centring takes 1/SEGMENTS of the variance away: give it back.
        segment_deviation=deviation * np.sqrt(SEGMENTS / (SEGMENTS - 1)),
        base_price=base_price,
        base_lines=spec.lines_per_day * rng.lognormal(-(spec.lines_log_sd**2) / 2, spec.lines_log_sd, n),
        web_share=rng.beta(2, 6, n),
        trade_share=rng.beta(1.2, 4.8, n),
        web_multiplier=rng.uniform(1.8, 2.2, n),
        break_discount=rng.uniform(0.10, 0.15, n),
        lumpiness=rng.lognormal(np.log(0.7), 0.5, n),
        promotion_lift=rng.normal(0.35, 0.12, n),
        cost=np.round(base_price * rng.uniform(0.4, 0.7, n), 2),
    )


def _season(rng: Generator, spec: ShopSpec, category: Ints) -> tuple[Floats, Bools]:
    """Log season of each product and day, and the days on which its category is in high season."""
    day = spec.first_day + np.arange(spec.days)
    peak = rng.normal(-25, 15, spec.categories)  # days from new year
    height = rng.uniform(0.5, 1.3, spec.categories)
    angle = 2 * np.pi * (day - peak[:, None]) / DAYS_A_YEAR
    profile = height[:, None] * np.exp(3 * (np.cos(angle) - 1))
    high = profile > np.quantile(profile, 0.75, axis=1, keepdims=True)
    log_season = rng.normal(1, 0.25, spec.products)[:, None] * profile[category]
    log_season -= np.log(np.exp(log_season).mean(axis=1, keepdims=True))
    if not (spec.disturbances.yearly_season or spec.disturbances.in_season_prices):
        log_season = np.zeros_like(log_season)
    return log_season, high[category]


def _season_surcharge(rng: Generator, spec: ShopSpec) -> Floats:
    """Log rise of each product's price in its high season, 0 for the half that keeps its price."""
    rise = rng.uniform(0.06, 0.16, spec.products) * (rng.random(spec.products) < 0.5)
    return rise if spec.disturbances.in_season_prices else np.zeros(spec.products)


def _life(rng: Generator, spec: ShopSpec) -> _Life:
    n, days, on = spec.products, spec.days, spec.disturbances
    t = np.arange(days)
    slope = rng.normal(0, 0.35, n)[:, None] * on.trend
    in_stock = ~_spells(rng, n, days, window=180, chance=0.6, shortest=5, longest=60)
    ending = (rng.random(n) < 0.15) & on.clearance
    end = np.where(ending, rng.integers(days // 2, days - 7, n), days + CLEARANCE_DAYS)[:, None]
    into_clearance = np.clip(t - (end - CLEARANCE_DAYS), -1, CLEARANCE_DAYS - 1)
    fade = rng.uniform(0, 0.3, n)[:, None] * np.maximum(into_clearance, 0) / CLEARANCE_DAYS
    return _Life(
        available=(in_stock | (not on.stockouts)) & (t < end),
        markdown=into_clearance // MARKDOWN_DAYS + 1,
        log_interest=slope * (t - days / 2) / DAYS_A_YEAR - fade,
    )


def _spells(
    rng: Generator, products: int, days: int, *, window: int, chance: float, shortest: int, longest: int
) -> Bools:
    """(P, D) spells of some days' length, at most one starting in each window of days."""
    windows = -(-days // window)
    length = rng.integers(shortest, longest + 1, (products, windows))
    start = np.arange(windows) * window + rng.integers(0, window - length + 1)
    start = np.where(rng.random((products, windows)) < chance, start, days)
    at = np.arange(days) // window
    t = np.arange(days)
    return (start[:, at] <= t) & (t < (start + length)[:, at])


def _promotion_cuts(rng: Generator, spec: ShopSpec) -> Floats:
    """(P, D) fraction off the regular price; 0 where there is no promotion."""
    window = 120
    windows = -(-spec.days // window)
    length = rng.choice([7, 14], (spec.products, windows))
    start = np.arange(windows) * window + rng.integers(0, window - length)
    held = rng.random((spec.products, windows)) < 0.8
    cut = rng.uniform(0.10, 0.30, (spec.products, windows)) * held
    t = np.arange(spec.days)
    at = t // window
    runs = (start[:, at] <= t) & (t < (start + length)[:, at]) & spec.disturbances.promotions
    off: Floats = cut[:, at] * runs
    return off


def _price_steps(rng: Generator, spec: ShopSpec) -> Floats:
    """(P, D) log regular price around its base: levels that last three weeks at least, nine on average."""
    n, days = spec.products, spec.days
    spells = days // 21 + 2
    length = 21 + rng.exponential(42, (n, spells)).astype(np.int64)
    length[:, 0] -= rng.integers(0, 21, n)  # the first level began before the first day
    change = np.zeros((n, days + 1))
    ends = np.minimum(np.cumsum(length, axis=1), days)
    np.add.at(change, (np.arange(n)[:, None], ends), 1)
    level = np.cumsum(change[:, :days], axis=1).astype(np.int64)
    steps: Floats = np.take_along_axis(rng.normal(0, 1, (n, spells + 1)), level, axis=1)
    steps *= spec.log_price_sd / np.sqrt(steps.var(axis=1).mean())
    return steps


def _weekday_factor(spec: ShopSpec) -> Floats:
    weekday = (spec.first_day + np.arange(spec.days) + 3) % 7
    factor: Floats = WEEKDAYS[weekday] / WEEKDAYS.mean()
    return factor


def _segment_weights(products: _Products, log_price: Floats) -> Floats:
    """(..., SEGMENTS) relative line rates of the segments at a price; 1 each at the base price."""
    return np.exp(products.segment_deviation[:, None, :] * log_price[:, :, None])


def _expected_lines(products: _Products, log_price: Floats, promotion: Bools, log_other: Floats) -> Floats:
    web = products.web_share[:, None]
    mix = web + (1 - web) * _segment_weights(products, log_price).mean(axis=2)
    log_lines = products.elasticity[:, None] * log_price + log_other
    log_lines += products.promotion_lift[:, None] * promotion
    lines: Floats = products.base_lines[:, None] * mix * np.exp(log_lines)
    return lines


def _line_counts(rng: Generator, demand: Floats, products: _Products, intermittent: bool) -> Ints:
    if intermittent:
        shape = (products.base_lines / products.lumpiness)[:, None]
        demand = demand * rng.gamma(shape, 1 / shape, demand.shape)
    return rng.poisson(demand)


def _write_lines(
    rng: Generator, spec: ShopSpec, products: _Products, counts: Ints, log_price: Floats
) -> _Lines:
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    product, t = cell // spec.days, cell % spec.days
    web = rng.random(cell.size) < products.web_share[product]
    trade = ~web & (rng.random(cell.size) < products.trade_share[product])
    segment = _choose_segments(rng, products, log_price, product, t)
    visitor = spec.customers + rng.integers(0, spec.customers, cell.size)
    buyer = np.where(web, visitor, _choose_customers(rng, spec.customers, segment, trade))
    quantity = rng.geometric(np.where(web, WEB_STOP, RETAIL_STOP))
    quantity[trade] = rng.choice(TRADE_PACKS, int(trade.sum()), p=TRADE_SHARES)
    invoice = _number_invoices(cell, t, buyer, 2 * spec.customers)
    opened = _time_of_day(rng, cell.size)[invoice]
    day = spec.first_day + t
    return _Lines(
        product=product,
        day=day,
        minute=day * MINUTES_A_DAY + opened,
        quantity=quantity,
        price=np.zeros(cell.size),
        customer=np.where(web, -1, buyer),
        invoice=invoice,
    )


def _number_invoices(cell: Ints, t: Ints, buyer: Ints, buyers: int) -> Ints:
    """One invoice per buyer and day; whoever takes the same product again that day came back for it, so
    that only the duplicates switch makes an invoice name a line twice."""
    visit = cell * buyers + buyer
    order = np.argsort(visit, kind="stable")
    again = order[1:][np.diff(visit[order]) == 0]
    key = t * buyers + buyer
    opened = np.bincount(key, minlength=1) > 0
    invoice: Ints = (np.cumsum(opened) - 1)[key]
    invoice[again] = int(opened.sum()) + np.arange(again.size)
    return invoice


def _choose_segments(rng: Generator, products: _Products, log_price: Floats, product: Ints, t: Ints) -> Ints:
    upto = np.cumsum(_segment_weights(products, log_price), axis=2)
    draw = rng.random(product.size) * upto[product, t, -1]
    segment: Ints = (draw[:, None] >= upto[product, t, :-1]).sum(axis=1)
    return segment


def _choose_customers(rng: Generator, customers: int, segment: Ints, trade: Bools) -> Ints:
    """A customer of the segment, one of the fifth that are trade accounts or of the others, heavy buyers
    first: the activity of customers is log-normal."""
    everybody = np.arange(customers)
    pool = (everybody % SEGMENTS) * 2 + (everybody // SEGMENTS % 5 == 0)
    order = np.argsort(pool, kind="stable")
    upto = np.concatenate([[0.0], np.cumsum(rng.lognormal(0, 1, customers))])
    bounds = upto[np.searchsorted(pool[order], np.arange(2 * SEGMENTS + 1))]
    wanted = segment * 2 + trade
    draw = bounds[wanted] + rng.random(wanted.size) * (bounds[wanted + 1] - bounds[wanted])
    chosen: Ints = order[np.minimum(np.searchsorted(upto, draw, side="right") - 1, customers - 1)]
    return chosen


def _time_of_day(rng: Generator, n: int) -> Ints:
    return rng.integers(8 * 60, 18 * 60, n)


def _paid_price(lines: _Lines, products: _Products, list_price: Floats, spec: ShopSpec) -> Floats:
    price = list_price[lines.product, lines.day - spec.first_day]
    if spec.disturbances.web_markup:
        price = price * np.where(lines.customer < 0, products.web_multiplier[lines.product], 1.0)
    if spec.disturbances.quantity_breaks:
        discount = products.break_discount[lines.product] + 0.05 * (lines.quantity >= SECOND_BREAK)
        price = price * np.where(lines.quantity >= FIRST_BREAK, 1 - discount, 1.0)
    return np.maximum(np.round(price, 2), 0.01)


def _disturb_lines(rng: Generator, lines: _Lines, spec: ShopSpec) -> _Lines:
    on, n = spec.disturbances, lines.product.size
    bulk, mistyped, twice = rng.random((3, n)) < np.array([[0.002], [0.003], [0.01]])
    if on.bulk_orders:
        huge = np.exp(rng.uniform(np.log(150), np.log(1500), n)).astype(np.int64)
        lines = replace(lines, quantity=np.where(bulk, huge, lines.quantity))
    if on.mistyped_prices:
        slip = rng.choice([10.0, 0.1, 0.0], n)
        lines = replace(lines, price=np.where(mistyped, np.round(lines.price * slip, 2), lines.price))
    sales = lines
    if on.returns:
        lines = lines.plus(_returns(rng, sales, spec))
    if on.duplicates:
        lines = lines.plus(sales.take(np.flatnonzero(twice)))
    return lines


def _returns(rng: Generator, sales: _Lines, spec: ShopSpec) -> _Lines:
    """Cancellations 1-25 days after the sale they mirror, and returns that mirror none."""
    draw = rng.random(sales.product.size)
    mirrored = (draw < 0.02) & (sales.customer >= 0)
    chosen = np.flatnonzero(mirrored | ((draw >= 0.02) & (draw < 0.03)))
    back, mirrored = sales.take(chosen), mirrored[chosen]
    n = chosen.size
    day = back.day + rng.integers(1, 26, n)
    if spec.disturbances.weekly_season:
        day += (day + 3) % 7 == 5
    back = replace(
        back,
        day=day,
        minute=day * MINUTES_A_DAY + _time_of_day(rng, n),
        quantity=-np.where(mirrored, back.quantity, rng.integers(1, 7, n)),
        customer=np.where(mirrored, back.customer, rng.integers(0, spec.customers, n)),
        invoice=sales.invoice.max(initial=-1) + 1 + np.arange(n),
    )
    return back.take(np.flatnonzero(day < spec.first_day + spec.days))


def _quantity_moments(products: _Products) -> tuple[Floats, Floats]:
    """Mean and mean square of a line's quantity per product, at the base price."""
    trade, web = products.trade_share * (1 - products.web_share), products.web_share
    shares = np.stack([web, 1 - web - trade, trade])
    mean = np.array([1 / WEB_STOP, 1 / RETAIL_STOP, TRADE_SHARES @ TRADE_PACKS])
    geometric = [(2 - stop) / stop**2 for stop in (WEB_STOP, RETAIL_STOP)]
    square = np.array([*geometric, TRADE_SHARES @ TRADE_PACKS**2])
    return mean @ shares, square @ shares


def _ideal_standard_error(
    products: _Products,
    expected_lines: Floats,
    log_price: Floats,
    promotion: Bools,
    log_season: Floats,
    on: Disturbances,
) -> Floats:
    """Standard error of each product's elasticity for an oracle that reads the daily units, knows shelf
    prices, promotion days, the season's and the trend's shape and the true means and variances, and has to
    estimate only the coefficients: 1 / sqrt(information on log price, the others partialled out).

    The information of a day is (d mean / d elasticity)^2 / variance, the optimum among estimators linear in
    the units (McCullagh and Nelder 1989, section 9.2). Infinite for a product whose price never moved.
    """
    mean, square = _quantity_moments(products)
    lumpiness = products.lumpiness / products.base_lines * on.intermittent
    variance_factor = square[:, None] + (mean**2 * lumpiness)[:, None] * expected_lines
    weight = expected_lines * (mean**2)[:, None] / variance_factor
    trend = np.broadcast_to(np.linspace(-1, 1, log_price.shape[1]) * on.trend, log_price.shape)
    controls = np.stack([np.ones_like(log_price), promotion, log_season, trend], axis=2)
    weighted = controls * weight[:, :, None]
    gram = np.swapaxes(controls, 1, 2) @ weighted
    cross = np.einsum("pdk,pd->pk", weighted, log_price)
    fitted = np.einsum("pdk,pk->pd", controls, np.einsum("pkl,pl->pk", np.linalg.pinv(gram), cross))
    information = (weight * (log_price - fitted) ** 2).sum(axis=1)
    with np.errstate(divide="ignore"):
        return np.where(information > 1e-12, 1 / np.sqrt(information), np.inf)
