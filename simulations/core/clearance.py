"""How to clear a stock by a day: the path of falling prices that is expected to bring most, and its risk.

A path is fixed beforehand and optimised against draws of what is not known: the elasticity, the demand curve, the rate of
sales, and chance in the units themselves. What was paid for the stock is sunk, so it is revenue that counts, and what a
unit left over is worth. Prices that are fixed beforehand come close to the best that can be had where demand is not tiny
(Gallego and van Ryzin 1994, Management Science 40, section 4); that stock and time left decide the markdowns of a
clearance is Smith and Achabal (1998), Management Science 44.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from elastix.currency import TWO_DECIMALS, Currency
from pricing.elasticity.core.demand import CONSTANT_ELASTICITY, LINEAR
from pricing.recommendation.core.inputs import SMALLEST_STD_ERROR
from pricing.recommendation.core.optimum import price_endings_near
from pricing.recommendation.core.uncertainty import demand_shares, interval_of, truncated_quantile
from pricing.sales.core.arrays import FloatArray, IntArray

SEARCH_DRAWS: Final = 200
DRAWS: Final = 2_000
"""Draws that a path is looked for with, and others that it is judged by, so that luck in the search does not flatter it."""

MOST_PRICES: Final = 16
FEWEST_ENDINGS: Final = 4
"""Prices tried, the present one included; fewer with the shop's endings than this are tried to the smallest unit instead."""

WORTH_A_MARKDOWN: Final = 0.002
"""Fraction of what the present price brings that each change of the price has to bring: less is not worth the labels."""

_SEEDS: Final = (20_240_901, 20_240_902)
_LARGEST_MEAN: Final = 1e9
_LEAST_DISPERSION: Final = 1e-9
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Clearance:
    """A stock of one product that is to be sold in T steps.

    Attributes
    ----------
    units : (T,) units expected in each step at the base price.
    base_price : the price that these are sold at, in currency, above 0.
    elasticity, std_error : mean and standard deviation of the elasticity, before the cut at 0.
    linear_share : probability that demand is linear; else the elasticity is constant.
    dispersion : variance over mean of the units of any span; 0 where they come as expected.
    rate_error : relative standard deviation of the rate of sales as a whole (fraction).
    stock : units to sell, above 0.
    salvage : what a unit that is left over brings, in currency.
    tax_factor : price with the tax that it includes over price without.
    whole : units are counted; False of what is sold by weight.
    """

    units: FloatArray
    base_price: float
    elasticity: float
    std_error: float
    linear_share: float
    dispersion: float
    rate_error: float
    stock: float
    salvage: float = 0.0
    tax_factor: float = 1.0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class PathFigures:
    """What a path of prices is expected to bring; arrays (T,) of its steps, money in currency.

    Attributes
    ----------
    price : of each step.
    units, revenue : sold in each step, means.
    left : units left at the end of each step, mean.
    total_units, total_revenue : means of the whole path; revenue as charged.
    revenue_interval : 80 % interval of the revenue.
    proceeds, proceeds_interval : revenue without tax, and the salvage value of what is left.
    sold_out : probability that nothing is left at the end.
    sold_out_by : (T,) the same at the end of each step.
    """

    price: FloatArray
    units: FloatArray
    revenue: FloatArray
    left: FloatArray
    total_units: float
    total_revenue: float
    revenue_interval: tuple[float, float]
    proceeds: float
    proceeds_interval: tuple[float, float]
    sold_out_by: FloatArray

    @property
    def sold_out(self) -> float:
        return float(self.sold_out_by[-1])


@dataclass(frozen=True, slots=True)
class ClearancePlan:
    """The path that is expected to bring most, and what it is compared with.

    Attributes
    ----------
    plan, hold : the best path; the present price throughout.
    markdown : the best single lower price from now on; None where no lower price is allowed.
    gain : probability that the plan brings more than the present price does.
    at_lowest : the path ends at the lowest price that is allowed.
    """

    plan: PathFigures
    hold: PathFigures
    markdown: PathFigures | None
    gain: float
    at_lowest: bool


def markdown_prices(
    now: float, low: int, high: int, endings: tuple[int, ...], currency: Currency = TWO_DECIMALS
) -> FloatArray:
    """Prices (K,) to try, falling: the present one, and lower ones in steps of equal percentages.

    Parameters
    ----------
    now : present price, above 0.
    low, high : smallest units of the currency, first and last allowed price; none is allowed where low > high.
    endings : last digits that prices may have; where hardly any price has one, any price to the smallest unit.
    """
    cent = currency.per_one
    high = min(high, int(np.ceil(cent * now - _SLACK)) - 1)
    low = max(low, 1)
    if low > high:
        return np.array([now])
    targets = np.geomspace(low, high, MOST_PRICES - 1)
    found = _nearest(targets, low, high, endings, currency)
    if found.size < FEWEST_ENDINGS:
        found = _nearest(targets, low, high, (), currency)
    return np.array([now, *(found[::-1] / cent)])


def _nearest(
    targets: FloatArray, low: int, high: int, endings: tuple[int, ...], currency: Currency
) -> IntArray:
    """Different prices, rising, in smallest units: for each of the targets the nearest that is allowed."""
    lows, highs = np.full(targets.size, low), np.full(targets.size, high)
    cents, allowed = price_endings_near(targets / currency.per_one, lows, highs, endings, currency)
    away = np.where(allowed & (cents >= 1), np.abs(cents - targets[:, None]), np.inf)
    return np.unique(cents[np.arange(targets.size), away.argmin(axis=1)])


def plan_clearance(case: Clearance, prices: FloatArray) -> ClearancePlan:
    """Choose the path of prices that is expected to bring most, never rising and never below the last of the prices.

    Parameters
    ----------
    prices : (K,) falling, the present one first.
    """
    searched = draw_demand(case, prices, SEARCH_DRAWS, _SEEDS[0])
    hold = np.zeros(case.units.size, np.int64)
    lower = np.repeat(np.arange(1, prices.size)[:, None], case.units.size, axis=1)
    paths = [best_path(case, prices, searched), hold]
    if prices.size > 1:
        paths.append(lower[worth(case, prices, searched, lower).argmax()])
    judged = draw_demand(case, prices, DRAWS, _SEEDS[1])
    figures, drawn = zip(*(_figures(case, prices, judged, path) for path in paths), strict=True)
    charge = WORTH_A_MARKDOWN * abs(figures[1].proceeds)
    # Judged by draws that it was not looked for with, the path found may be no better than the others.
    net = [each.proceeds - charge * _changes(path) for each, path in zip(figures, paths, strict=True)]
    best = int(np.argmax(net))
    return ClearancePlan(
        plan=figures[best],
        hold=figures[1],
        markdown=figures[2] if prices.size > 1 else None,
        gain=float(np.mean(drawn[best] > drawn[1] + _SLACK)),
        at_lowest=bool(paths[best][-1] == prices.size - 1),
    )


def draw_demand(case: Clearance, prices: FloatArray, draws: int, seed: int) -> FloatArray:
    """Draw the units wanted (D, T, K) in each step at each price; at a lower price never fewer in the same draw.

    The units wanted at a price are those wanted at the next higher one and some more, drawn for themselves: gamma mixtures of
    Poisson counts with one dispersion add up to another of the kind, so those of each price scatter as they should.

    Parameters
    ----------
    prices : (K,) falling.
    draws : number of draws D; elasticity and curve are stratified over them.
    """
    rng = np.random.default_rng(seed)
    places = [(rng.permutation(draws) + 0.5) / draws for _ in range(2)]
    error = max(case.std_error, SMALLEST_STD_ERROR)
    elasticity = truncated_quantile(places[0], case.elasticity, error)[:, None]
    ratio = prices / case.base_price
    linear, constant = (demand_shares(ratio, elasticity, shape) for shape in (LINEAR, CONSTANT_ELASTICITY))
    share = np.where((places[1] < case.linear_share)[:, None], linear, constant)
    rate = np.ones(draws)
    if case.rate_error > 0:
        rate = rng.gamma(case.rate_error**-2, 1.0, draws)
        rate /= rate.mean()
    mean = rate[:, None, None] * case.units[:, None] * share[:, None, :]
    more = np.diff(np.minimum(mean, _LARGEST_MEAN), axis=2, prepend=0.0)
    return np.asarray(np.cumsum(_by_chance(rng, np.maximum(more, 0.0), case), axis=2))


def _by_chance(rng: np.random.Generator, mean: FloatArray, case: Clearance) -> FloatArray:
    """Draw units of these means whose variance is `dispersion` times the mean; of counts at least the mean."""
    if case.dispersion < _LEAST_DISPERSION:
        return mean
    if not case.whole:
        return np.asarray(rng.gamma(mean / case.dispersion) * case.dispersion)
    extra = case.dispersion - 1
    if extra > _LEAST_DISPERSION:
        mean = rng.gamma(mean / extra) * extra
    return rng.poisson(mean).astype(np.float64)


def best_path(case: Clearance, prices: FloatArray, demand: FloatArray) -> IntArray:
    """Places (T,) among the prices, never falling, of the path that brings most in the draws.

    A climb from the present price and from the best single one: each round lowers the price from a step on, or raises it up
    to a step, wherever that brings most, until nothing brings more.

    Parameters
    ----------
    demand : (D, T, K) units wanted.
    """
    steps, count = demand.shape[1:]
    constant = np.repeat(np.arange(count)[:, None], steps, axis=1)
    of_constant = worth(case, prices, demand, constant)
    charge = WORTH_A_MARKDOWN * abs(float(of_constant[0]))
    found, most = constant[0], -np.inf
    for path in (constant[0], constant[of_constant.argmax()]):
        value = -np.inf
        while True:
            tried = _neighbours(path, count)
            values = worth(case, prices, demand, tried, charge)
            best = int(values.argmax())
            if values[best] <= value + _SLACK:
                break
            path, value = tried[best], float(values[best])
        if value > most:
            found, most = path, value
    return np.asarray(found)


def _neighbours(path: IntArray, count: int) -> IntArray:
    """A path (T,) and all that differ from it by one move (C, T): lower from a step on, or higher up to a step."""
    step = np.arange(path.size)
    place = np.arange(count)[None, :, None]
    later, earlier = (each[:, None, :] for each in (step >= step[:, None], step <= step[:, None]))
    lowered = np.where(later, np.maximum(path, place), path)
    raised = np.where(earlier, np.minimum(path, place), path)
    moves = np.concatenate([lowered, raised]).reshape(-1, path.size)
    return np.unique(np.concatenate([path[None], moves]), axis=0)


def worth(
    case: Clearance, prices: FloatArray, demand: FloatArray, paths: IntArray, charge: float = 0.0
) -> FloatArray:
    """Mean proceeds (C,) of paths over the draws, less a charge for each change of the price.

    What is sold up to a step is the smaller of the stock and of what was wanted so far, whatever the path.

    Parameters
    ----------
    demand : (D, T, K) units wanted.
    paths : (C, T) places among the prices.
    """
    wanted = demand[:, np.arange(paths.shape[1]), paths]
    sold = np.minimum(np.cumsum(wanted, axis=2), case.stock).mean(axis=0)
    units = np.diff(sold, axis=1, prepend=0.0)
    revenue = (prices[paths] * units).sum(axis=1) / case.tax_factor
    return np.asarray(revenue + case.salvage * (case.stock - sold[:, -1]) - charge * _changes(paths))


def _changes(paths: IntArray) -> IntArray:
    """How often the price changes along paths (..., T), the first step included."""
    return np.asarray((np.diff(paths, axis=-1, prepend=0) != 0).sum(axis=-1))


def _figures(
    case: Clearance, prices: FloatArray, demand: FloatArray, path: IntArray
) -> tuple[PathFigures, FloatArray]:
    """What a path brings, and its proceeds in each draw (D,)."""
    price = prices[path]
    wanted = demand[:, np.arange(path.size), path]
    sold = np.minimum(np.cumsum(wanted, axis=1), case.stock)
    units = np.diff(sold, axis=1, prepend=0.0)
    revenue = price * units
    whole = revenue.sum(axis=1)
    proceeds = whole / case.tax_factor + case.salvage * (case.stock - sold[:, -1])
    figures = PathFigures(
        price=price,
        units=units.mean(axis=0),
        revenue=revenue.mean(axis=0),
        left=case.stock - sold.mean(axis=0),
        total_units=float(sold[:, -1].mean()),
        total_revenue=float(whole.mean()),
        revenue_interval=interval_of(whole, float(whole.mean())),
        proceeds=float(proceeds.mean()),
        proceeds_interval=interval_of(proceeds, float(proceeds.mean())),
        sold_out_by=(sold >= case.stock - _SLACK).mean(axis=0),
    )
    return figures, proceeds
