"""Whether price changes did what was expected of them: sales after a change against expected ones, with an interval.

What was expected is stated per 30 days, before the change. Two things make it comparable with the days after it:

- the season: how the rest of the shop, as far as its prices stayed, sold in those days against the 30 days before;
- the paid level: customers pay more or less than the list price (quantity breaks, channels); what they paid relative
  to it in the 30 days before is taken to hold on.

The interval holds what was uncertain beforehand: the elasticity, how well 30 days tell a product's rate of sales, and the
chance in the days after. Chance is what the product's own past says: how badly four of its weeks foretold those after
them. Units scatter like a gamma variable, to the side of many; revenue and profit in the same shape with a spread of
their own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Day = IntArray | int

FIGURES: Final = ("quantity", "revenue", "profit")
WINDOWS: Final = (7, 28)
"""Days after a change over which it is judged; the day of the change itself has both prices and counts for none."""
BASELINE_DAYS: Final = 30
NOISE_WEEKS: Final = 52
MONTH_WEEKS: Final = 4
LEVEL: Final = 0.8
PRIOR_WEEKS: Final = 6.0
"""How many weeks of its own a product's dispersion needs to outweigh the usual one."""
USUAL_DISPERSION: Final = 5.0
"""Variance over mean of weekly units: of lines of a few units each, seldom fewer than 3 or more than 12."""
PRIOR_TURNS: Final = 2.0
"""How many separate turns of the past a product's record as a forecast needs to outweigh its weekly scatter."""
TURNS_WORTH_ONE: Final = 2.0
"""Turns a week apart overlap: for each week foretold, so many of them tell as much as one."""

LEAST_REST_UNITS: Final = 100.0
SURE: Final = 1.959963984540054
_TAIL: Final = (1 - LEVEL) / 2
_NORMAL: Final = float(ndtri(1 - _TAIL))
# With no sales in the 30 days the rate is not 0 but unknown and small.
_HALF_A_UNIT: Final = 0.5
# Below it a gamma is normal to the eye.
_LEAST_SKEWNESS: Final = 0.01
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Days:
    """Sales of P products on D consecutive days, summed up so that any span is one subtraction.

    Attributes
    ----------
    first_day : days since 1970-01-01 of the first.
    quantity, revenue : (D + 1, P) sums of the first k days.
    """

    first_day: int
    quantity: FloatArray
    revenue: FloatArray

    @classmethod
    def of(
        cls,
        first_day: int,
        days: int,
        products: int,
        rows: tuple[IntArray, IntArray, FloatArray, FloatArray],
    ) -> "Days":
        """Sum up rows (product, day, quantity, revenue); days outside the span are left out."""
        product, day, quantity, revenue = rows
        inside = (day >= first_day) & (day < first_day + days)
        at = (day[inside] - first_day + 1, product[inside])
        sums = np.zeros((2, days + 1, products))
        np.add.at(sums[0], at, quantity[inside])
        np.add.at(sums[1], at, revenue[inside])
        return cls(first_day, *np.cumsum(sums, axis=1))

    def between(self, start: Day, stop: Day, product: IntArray) -> tuple[FloatArray, FloatArray]:
        """Quantity and revenue on the days start <= day < stop; the arguments broadcast."""
        last = self.quantity.shape[0] - 1
        a, b = (np.clip(day - self.first_day, 0, last) for day in (start, stop))
        b = np.maximum(a, b)
        return (
            self.quantity[b, product] - self.quantity[a, product],
            self.revenue[b, product] - self.revenue[a, product],
        )


@dataclass(frozen=True, slots=True)
class Noise:
    """Chance in sales: variances and covariance of weekly units and revenue per expected unit; arrays (n,)."""

    units: FloatArray
    both: FloatArray
    revenue: FloatArray


@dataclass(frozen=True, slots=True)
class Band:
    """Figures with their 80 % limits; arrays (3, n) in the order of `FIGURES`. Profit is nan without a cost."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often realised figures fell within our intervals.

    Attributes
    ----------
    count, within : changes judged, and how many of them fell within.
    share, low, high : fraction within, and its own 95 % interval (Wilson 1927); nan where nothing was judged.
    expected, realised : totals.
    """

    count: int
    within: int
    share: float
    low: float
    high: float
    expected: float
    realised: float

    @property
    def bias(self) -> float:
        """How much more was realised than expected, as a fraction of what was expected; nan if that is not above 0."""
        return self.realised / self.expected - 1 if self.expected > 0 else np.nan


def estimate_noise(
    units: FloatArray,
    revenue: FloatArray,
    shop: FloatArray,
    price: FloatArray,
    window: int,
) -> Noise:
    """Estimate chance from the weeks before each change.

    Parameters
    ----------
    units, revenue : (n, K) of each product's weeks, oldest first; nan where a week does not count (before the
        first sale).
    shop : (n, K) units of the whole shop in the same weeks.
    price : (n,) mean price paid, for products without any sales.
    window : days to foretell.

    Returns
    -------
    Noise
        How badly four weeks, moved with the shop, foretold the days after them at every turn of the past; where there
        were few turns, rather what the scatter of single weeks around the shop's movement says (Pearson's dispersion,
        McCullagh and Nelder 1989, section 4.5), and that in turn where there are few weeks rather what is usual.
    """
    counts = ~np.isnan(units) & (shop > 0)
    sold, paid, whole = (np.where(counts, each, 0.0) for each in (units, revenue, shop))
    total = np.maximum(whole.sum(axis=1, keepdims=True), 1e-9)
    rate, rate_paid = (each.sum(axis=1, keepdims=True) / total for each in (sold, paid))
    mean = whole * rate
    weeks = _moments(sold - mean, paid - whole * rate_paid, mean)
    freedom = np.maximum((mean > 0).sum(axis=1) - 1.0, 0.0)
    usual = USUAL_DISPERSION * np.array([np.ones_like(price), price, price**2])
    of_weeks = (weeks.sum(axis=2) + PRIOR_WEEKS * usual) / (freedom + PRIOR_WEEKS)

    ahead = max(window // 7, 1)
    before, after = _blocks(counts.astype(np.float64), ahead)
    full = (before == MONTH_WEEKS) & (after == ahead)
    (b, a), (b_paid, a_paid), (b_whole, a_whole) = (_blocks(each, ahead) for each in (sold, paid, whole))
    ratio = np.where(full, a_whole / np.where(full, b_whole, 1.0), 0.0)
    exposed = ratio * (1 + ratio) * b_whole * rate
    turns = _moments(a - ratio * b, a_paid - ratio * b_paid, exposed)
    worth = (exposed > 0).sum(axis=1) / (TURNS_WORTH_ONE * ahead)
    found = turns.sum(axis=2) / np.maximum((exposed > 0).sum(axis=1), 1)
    return Noise(*((found * worth + of_weeks * PRIOR_TURNS) / (worth + PRIOR_TURNS)))


def _moments(off: FloatArray, off_paid: FloatArray, mean: FloatArray) -> FloatArray:
    """Squares and products (3, n, K) of what was not expected, per expected unit; 0 where none was."""
    usable = mean > 0
    inverse = np.where(usable, 1 / np.where(usable, mean, 1.0), 0.0)
    return np.array([off * off, off * off_paid, off_paid * off_paid]) * inverse


def _blocks(weeks: FloatArray, ahead: int) -> tuple[FloatArray, FloatArray]:
    """Sums over four weeks and over those after them, (n, turns), for every week at which one might have stood."""
    sums = np.concatenate([np.zeros((weeks.shape[0], 1)), np.cumsum(weeks, axis=1)], axis=1)
    turn = np.arange(MONTH_WEEKS, weeks.shape[1] - ahead + 1)
    return sums[:, turn] - sums[:, turn - MONTH_WEEKS], sums[:, turn + ahead] - sums[:, turn]


def predict(
    *,
    baseline: FloatArray,
    usual: FloatArray,
    share: FloatArray,
    share_sd: FloatArray,
    scale: FloatArray,
    price: FloatArray,
    paid_level: FloatArray,
    price_before: FloatArray,
    cost: FloatArray,
    noise: Noise,
) -> Band:
    """What n products are expected to sell in a window after a change; all arguments (n,).

    Parameters
    ----------
    baseline : units in the 30 days before.
    usual : units that 30 days bring in the long run: few units in the 30 days may be chance.
    share, share_sd : demand at the new price in relation to the present, and its relative standard deviation.
    scale : length of the window in relation to the 30 days, times the season.
    price, price_before : list prices then and before.
    paid_level : price paid over list price.
    cost : per unit, nan where unknown.
    """
    ratio = scale * share
    quantity = ratio * baseline
    unit_revenue = price * paid_level
    values = np.array([np.ones_like(price), unit_revenue, unit_revenue - cost])
    # The noise of the window itself, and that of the 30 days it is foretold from. Both scatter to the side of many
    # units, but the latter counts the other way round.
    units = (baseline + usual) / 2 + _HALF_A_UNIT
    exposed = ratio * (1 + ratio) * units
    third_moment = 2 * noise.units**2 * ratio * np.maximum(1 - ratio**2, 0.0) * units
    up = price / price_before
    chance = np.array(
        [
            noise.units,
            up**2 * noise.revenue,
            up**2 * noise.revenue - 2 * up * cost * noise.both + cost**2 * noise.units,
        ]
    )
    spread = np.sqrt(np.maximum(chance, 0.0) * exposed + (values * quantity * share_sd) ** 2)
    mean = values * quantity
    low_z, high_z = _limits(third_moment / np.maximum(spread[0], _TINY) ** 3)
    few, many = np.floor(np.maximum(mean[0] + low_z * spread[0], 0.0)), np.ceil(mean[0] + high_z * spread[0])
    falling = values < 0
    low = mean + spread * np.where(falling, -high_z, low_z)
    high = mean + spread * np.where(falling, -low_z, high_z)
    # Units are whole: the limits contain every whole number that they touch.
    whole = np.sort(np.array([values * few, values * many]), axis=0)
    low, high = np.minimum(low, whole[0]), np.maximum(high, whole[1])
    low[0], high[0] = few, many
    low[1] = np.maximum(low[1], 0.0)
    return Band(mean, low, high)


def _limits(skewness: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Quantiles (n,) that bound the middle 80 % of a standardised gamma variable of some skewness (Pearson's type III)."""
    shape = 4 / np.maximum(skewness, _LEAST_SKEWNESS) ** 2
    tails = np.array([_TAIL, 1 - _TAIL])[:, None]
    with np.errstate(under="ignore"):
        low, high = (gammaincinv(shape, tails) - shape) / np.sqrt(shape)
    normal = skewness <= _LEAST_SKEWNESS
    # A variable that is hardly ever above 0 has its mean beyond these quantiles; an interval is to hold its own mean.
    low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
    return np.where(normal, -_NORMAL, low), np.where(normal, _NORMAL, high)


def season(rest_before: FloatArray, rest_after: FloatArray, days: IntArray) -> tuple[FloatArray, BoolArray]:
    """How the rest of the shop sold a day after a change in relation to the 30 days before, (n,), and whether it tells.

    1 where the rest sold too little in the 30 days to tell.

    Parameters
    ----------
    rest_before, rest_after : (n,) units of the rest in the 30 days and in the window.
    days : (n,) length of the window.
    """
    tells = (rest_before >= LEAST_REST_UNITS) & (days > 0)
    before = np.where(tells, rest_before, 1.0) / BASELINE_DAYS
    after = rest_after / np.maximum(days, 1)
    return np.where(tells, after / before, 1.0), tells


def units_of_changed(
    days: Days, change_product: IntArray, change_day: IntArray, spans: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Units (n,) before and after of the products whose price was changed anywhere between a case's first and last day.

    Parameters
    ----------
    days : of all products whose price was ever changed.
    change_product, change_day : (m,) all changes of prices there were, by day.
    spans : (n, 4) of each case: first day of the 30 before and the day after them, first day of the window and the
        day after it.
    """
    unique, of = np.unique(spans, axis=0, return_inverse=True)
    sums = np.zeros((unique.shape[0], 2))
    everything = np.arange(days.quantity.shape[1])
    for row, (start, stop, begin, end) in enumerate(unique):
        low, high = np.searchsorted(change_day, [start, max(end, stop)])
        changed = np.zeros(everything.size, np.bool_)
        changed[change_product[low:high]] = True
        chosen = everything[changed]
        sums[row] = [
            days.between(first, last, chosen)[0].sum() for first, last in ((start, stop), (begin, end))
        ]
    found = sums[of.ravel()]
    return found[:, 0], found[:, 1]


def calibrate(band: Band, realised: FloatArray, judged: BoolArray, figure: int) -> Calibration:
    """Count how often a figure fell within its interval.

    Parameters
    ----------
    realised : (3, n)
    judged : (n,) which changes count; those whose figure is not known are left out.
    figure : place in `FIGURES`.
    """
    mean, low, high = band.mean[figure], band.low[figure], band.high[figure]
    found = realised[figure]
    counts = judged & ~np.isnan(mean) & ~np.isnan(found)
    slack = 0.005
    inside = counts & (found >= low - slack) & (found <= high + slack)
    count, within = int(counts.sum()), int(inside.sum())
    share, share_low, share_high = binomial_interval(within, count)
    return Calibration(
        count, within, share, share_low, share_high, float(mean[counts].sum()), float(found[counts].sum())
    )


def binomial_interval(within: int, count: int) -> tuple[float, float, float]:
    """A share and its 95 % interval (Wilson 1927, Journal of the American Statistical Association 22); nan of none."""
    if not count:
        return np.nan, np.nan, np.nan
    share = within / count
    middle = (share + SURE**2 / (2 * count)) / (1 + SURE**2 / count)
    half = SURE / (1 + SURE**2 / count) * np.sqrt(share * (1 - share) / count + SURE**2 / (4 * count**2))
    return share, max(middle - half, 0.0), min(middle + half, 1.0)
