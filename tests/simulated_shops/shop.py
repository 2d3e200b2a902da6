"""Simulate a shop: its sales records, and the truth behind them."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tests.dgp import Bools, Floats, Ints
from tests.simulated_shops import records
from tests.simulated_shops.demand import (
    RIVAL_FOLLOWS,
    SHOCK_SD,
    SHOCK_WEEKS,
    VISITS_SD,
    VISITS_WEEKS,
    WEEKDAYS,
    Expected,
    Products,
    adapt,
    draw_products,
    draw_season,
    draw_shocks,
    expected_demand,
    log_response,
)
from tests.simulated_shops.prices import Rows, draw_prices, draw_rows
from tests.simulated_shops.records import QUANTITY_SHAPE, Records
from tests.simulated_shops.spec import Disturbances, ShopSpec

STREAMS = (
    "truth",
    "season",
    "shocks",
    "affected",
    "rows",
    "prices",
    "life",
    "demand",
    "counts",
    "lines",
    "records",
)
DELIVERY = 1.25  # of what usually sells in a week, where a product runs out when it is cheap


@dataclass(frozen=True, slots=True)
class SimulatedShop:
    """The sales records of a shop (n rows, in order of time) and the truth behind them: P products, D days, and R rows of
    prices, which are the products' public prices by store, then the accounts with contracts."""

    spec: ShopSpec
    product: Ints  # (n,) index 0..P-1
    day: Ints  # (n,) days since 1970-01-01
    minute: Ints  # (n,) minutes since 1970-01-01
    quantity: NDArray[np.number]  # (n,) negative: returned; kilograms where a shop sells by weight
    price: Floats  # (n,) paid per unit, to the cent
    customer: Ints  # (n,) -1 without id
    invoice: Ints  # (n,)
    cancellation: Bools  # (n,)
    store: Ints  # (n,) not part of `lines`
    coupon: Bools  # (n,) whether paid with a coupon, not part of `lines`
    affected: dict[str, Bools]  # by name of the disturbance, (P,) the products that it affects
    product_category: Ints  # (P,)
    true_category_mean: Floats  # (C,) mean elasticity that a category's products are drawn around
    true_elasticity: (
        Floats  # (P,) of units in the own price, all else the same, at the base price, once demand adapted
    )
    response_elasticity: Floats  # (P,) the same with what rivals do about it
    attraction: Floats  # (P,) share of those who look that buy at the base price, if demand is logit
    base_price: Floats  # (P,)
    cost: Floats  # (P,) per unit
    list_price: Floats  # (P, D) asked of the public in the first store
    regular_price: Floats  # (P, D) the same without promotions and sales events
    promotion: Bools  # (P, D)
    log_season: Floats  # (P, D)
    shock: Floats  # (P, D) log of unexpected demand
    available: Bools  # (P, D) on sale and in stock at the day's begin
    rival_price: Floats  # (P, D) log of the rival's price over its base
    rows: Rows
    log_price: Floats  # (R, D) asked, over the base price
    adapted_log_price: Floats  # (R, D) that demand has adapted to
    log_other: Floats  # (R, D) log mean units a day without the response to the own price
    expected: Expected
    demanded_lines: Ints  # (R, D) purchases that were wanted
    sold_lines: Ints  # (R, D) purchases that stock allowed
    ideal_standard_error: Floats  # (P,) see _ideal_standard_error

    @property
    def lines(self) -> dict[str, NDArray[np.generic]]:
        """The columns of the records by name: ``SalesLines(**shop.lines, voided=...)``."""
        names = ("product", "day", "minute", "quantity", "price", "customer", "invoice", "cancellation")
        return {name: getattr(self, name) for name in names}

    @property
    def expected_lines(self) -> Floats:
        """(P, D) mean number of sales lines, all buyers together."""
        return _by_product(self.expected.lines, self.rows.product, self.spec.products)

    @property
    def mean_quantity(self) -> Floats:
        """(P,) mean units of a line over all days."""
        units = _by_product(self.expected.units, self.rows.product, self.spec.products).sum(axis=1)
        mean: Floats = units / self.expected_lines.sum(axis=1)
        return mean


def simulate(spec: ShopSpec, seed: int) -> SimulatedShop:
    """Simulate a shop; the same specification and seed give the same shop.

    Shops of one seed and size share products, seasons and shocks, whatever disturbs them; a shop in totals is the sum
    of the one in lines.
    """
    rng = dict(zip(STREAMS, np.random.default_rng(seed).spawn(len(STREAMS)), strict=True))
    on, n = spec.disturbances, spec.products
    products = draw_products(rng["truth"], spec)
    log_season = draw_season(rng["season"], spec, products.category)
    shock = draw_shocks(rng["shocks"], n, spec.days, SHOCK_SD, SHOCK_WEEKS)
    visits = draw_shocks(rng["shocks"], 1, spec.days, VISITS_SD, VISITS_WEEKS)
    affected = _draw_affected(rng["affected"], on, n)
    rows = draw_rows(rng["rows"], spec, affected["negotiated"])
    prices = draw_prices(rng["prices"], spec, rows, log_season, shock, affected)
    base = products.base_price[rows.product][:, None]
    regular_price = np.maximum(np.round(base * np.exp(prices.regular), 2), 0.01)
    list_price = np.maximum(np.round(regular_price * np.exp(prices.cut), 2), 0.01)
    log_price = np.log(list_price / base)

    on_sale = _on_sale(rng["life"], n, spec.days, affected)
    plan = _plan(spec, products, log_season)
    with np.errstate(divide="ignore"):
        log_other = plan + shock + visits + prices.event + np.log(on_sale)
    expected = expected_demand(
        rng["demand"], products, rows, prices, log_price, log_other[rows.product], affected, on.demand
    )
    demanded = _count(rng["counts"], products, rows, expected.lines)
    usual = np.exp(plan) * products.lines[:, None]
    sold = _limit_by_stock(demanded, rows, usual, affected["runs_out_when_cheap"])
    written = records.write_lines(rng["lines"], spec, rows, list_price, expected, sold)
    if on.messy_records:
        written = records.mess_up(rng["records"], written, spec)
    written = _sum_up(rng["records"], written.in_order_of_time(), spec)

    adapted = np.where(affected["slow_adaptation"][rows.product][:, None], adapt(log_price), log_price)
    response = log_response(
        adapted,
        products.elasticity[rows.product][:, None],
        on.demand,
        products.attraction[rows.product][:, None],
    )
    with np.errstate(divide="ignore"):
        without_price = np.log(expected.units) - response
    return SimulatedShop(
        spec=spec,
        **{field.name: getattr(written, field.name) for field in fields(Records)},
        cancellation=written.quantity < 0,
        affected=affected,
        product_category=products.category,
        true_category_mean=products.category_mean,
        true_elasticity=products.elasticity,
        response_elasticity=products.elasticity
        + RIVAL_FOLLOWS * products.rival_effect * affected["rivals_follow"],
        attraction=products.attraction,
        base_price=products.base_price,
        cost=products.cost,
        list_price=list_price[:n],
        regular_price=regular_price[:n],
        promotion=prices.promotion[:n],
        log_season=log_season,
        shock=shock,
        available=on_sale,
        rival_price=expected.rival_price,
        rows=rows,
        log_price=log_price,
        adapted_log_price=adapted,
        log_other=without_price,
        expected=expected,
        demanded_lines=demanded,
        sold_lines=sold,
        ideal_standard_error=_ideal_standard_error(
            products, rows, expected, adapted, prices.promotion, log_season, spec
        ),
    )


def _draw_affected(rng: Generator, on: Disturbances, products: int) -> dict[str, Bools]:
    """By name, (P,) which products are affected by each disturbance that has a share."""
    names = [field.name for field in fields(Disturbances) if field.type in (float, "float")]
    affected = {name: rng.random(products) < getattr(on, name) for name in names if name != "scanner_noise"}
    # Nobody both raises and cuts in season: who cuts is taken from the rest.
    rest = ~affected["raised_in_season"]
    share = on.cut_in_season / max(1 - on.raised_in_season, 1e-9)
    affected["cut_in_season"] = rest & (rng.random(products) < share)
    return affected


def _on_sale(rng: Generator, products: int, days: int, affected: dict[str, Bools]) -> Bools:
    """(P, D) days on which a product is launched, not delisted and delivered."""
    t = np.arange(days)
    quarter = 91
    quarters = -(-days // quarter)
    length = rng.integers(7, 43, (products, quarters))
    start = quarter * np.arange(quarters) + rng.integers(0, quarter - length)
    start = np.where(rng.random((products, quarters)) < 0.3, start, days)
    at = t // quarter
    out = (start[:, at] <= t) & (t < (start + length)[:, at]) & affected["stockouts"][:, None]
    late = rng.random(products) < 0.5
    date = rng.integers(days // 5, days * 3 // 5, products)
    missing = np.where(late[:, None], t < date[:, None], t >= (days - date)[:, None])
    return ~out & ~(missing & affected["churn"][:, None])


def _plan(spec: ShopSpec, products: Products, log_season: Floats) -> Floats:
    """(P, D) what the shop expects of demand: season, growth and weekday, as a logarithm."""
    t = np.arange(spec.days)
    weekday = np.log(WEEKDAYS / WEEKDAYS.mean())[(spec.first_day + t + 3) % 7]
    trend = products.trend[:, None] * (t - spec.days / 2) / 365.25
    plan: Floats = log_season + trend + weekday
    return plan


def _count(rng: Generator, products: Products, rows: Rows, mean: Floats) -> Ints:
    """Gamma-mixed Poisson counts of purchases."""
    shape = (products.lines / products.lumpiness)[rows.product][:, None] * rows.size[:, None]
    counts: Ints = rng.poisson(mean * rng.gamma(shape, 1 / shape, mean.shape))
    return counts


def _limit_by_stock(counts: Ints, rows: Rows, usual: Floats, runs_out: Bools) -> Ints:
    """Purchases until the week's delivery is sold: 1.25 times what usually sells, and one more."""
    r, days = counts.shape
    weekly = usual.reshape(-1, days // 7, 7).sum(axis=2)[rows.product] * rows.size[:, None]
    delivered = np.ceil(DELIVERY * weekly).astype(np.int64) + 1
    upto = np.minimum(np.cumsum(counts.reshape(r, -1, 7), axis=2), delivered[:, :, None])
    limited = np.diff(upto, axis=2, prepend=0).reshape(r, days)
    return np.where(runs_out[rows.product][:, None], limited, counts)


def _sum_up(rng: Generator, written: Records, spec: ShopSpec) -> Records:
    on = spec.disturbances
    if on.totals:
        written = records.totals(written, spec.first_day, on.totals)
        if on.scanner_noise:
            written = records.misread(rng, written, on.scanner_noise)
    return written


def _by_product(values: Floats, product: Ints, products: int) -> Floats:
    summed = np.zeros((products, values.shape[1]))
    np.add.at(summed, product, values)
    return summed


def _ideal_standard_error(
    products: Products,
    rows: Rows,
    expected: Expected,
    log_price: Floats,
    promotion: Bools,
    log_season: Floats,
    spec: ShopSpec,
) -> Floats:
    """Standard error of each product's elasticity for somebody who reads everybody's daily units, knows prices,
    promotion days, the shapes of season and trend, rivals, coupons, shocks and the true means and variances, and has
    to estimate only levels and coefficients (McCullagh and Nelder 1989, section 9.2: the optimum among estimators
    linear in the units). Infinite where the price never moved. Sales lost for want of stock count as seen."""
    mean, lines, size = expected.units, expected.lines, expected.quantity
    spread = (
        size**2 / 3 if spec.disturbances.fractional_units else (size - 1) + (size - 1) ** 2 / QUANTITY_SHAPE
    )
    lumpiness = (products.lumpiness / products.lines)[rows.product][:, None] / rows.size[:, None]
    variance = lines * (size**2 + spread) + lumpiness * mean**2
    weight = np.divide(mean**2, variance, out=np.zeros_like(mean), where=variance > 0)
    trend = np.broadcast_to(np.linspace(-1, 1, spec.days), mean.shape)
    controls = np.stack([np.ones_like(mean), promotion, log_season[rows.product], trend], axis=2)
    weighted = controls * weight[:, :, None]
    gram = np.swapaxes(controls, 1, 2) @ weighted
    cross = np.einsum("rdk,rd->rk", weighted, log_price)
    fitted = np.einsum("rdk,rk->rd", controls, np.einsum("rkl,rl->rk", np.linalg.pinv(gram), cross))
    information = np.bincount(
        rows.product, (weight * (log_price - fitted) ** 2).sum(axis=1), minlength=spec.products
    )
    with np.errstate(divide="ignore"):
        return np.where(information > 1e-9, 1 / np.sqrt(information), np.inf)
