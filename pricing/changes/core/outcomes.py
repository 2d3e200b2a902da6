"""Outcomes of price changes: sales after a change against expected ones, with an interval.

What was expected is stated per 30 days, before the change. Two things make it comparable with the days after it:

- the season: how the rest of the shop, as far as its prices stayed, sold in those days against the 30 days before;
- the paid level: customers pay more or less than the list price (quantity breaks, channels); what they paid relative
  to it in the 30 days before is taken to hold on.

The interval holds what was uncertain beforehand: the elasticity, how well 30 days identify a product's rate of sales, and
chance in the days after. Chance is estimated from the product's own past: how badly four of its weeks predicted those
after them. Units scatter like a gamma variable, to the side of many; revenue and profit in the same shape with a spread of
their own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.changes.core.constants import (
    LEAST_REST_UNITS,
    OVERLAPPING_ORIGINS,
    PRIOR_ORIGINS,
    PRIOR_WEEKS,
    USUAL_DISPERSION,
)
from pricing.sales.core.arrays import Z_95, BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK, MONTH_DAYS

FIGURES: Final = ("quantity", "revenue", "profit")
WINDOWS: Final = (7, 28)
"""Days after a change over which it is judged; the day of the change itself has both prices and counts for none."""
MONTH_WEEKS: Final = 4
LEVEL: Final = 0.8
Z_80: Final = 1.2815515655446004
"""Half the width of an 80 % interval of a normal variable, in standard deviations."""

# With no sales in the 30 days the rate is not 0 but unknown and small.
_HALF_A_UNIT: Final = 0.5
# A gamma distribution of a smaller skewness is normal for all purposes.
_LEAST_SKEWNESS: Final = 0.01
_HALF_A_CENT: Final = 0.005
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class CumulativeSales:
    """Running totals of the sales of P products over D consecutive days: any span is one subtraction.

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
        cls, first_day: int, days: int, products: int, rows: tuple[IntArray, IntArray, FloatArray, FloatArray]
    ) -> "CumulativeSales":
        """Sum up rows (product, day, quantity, revenue); days outside the span are left out."""
        product, day, quantity, revenue = rows
        inside = (day >= first_day) & (day < first_day + days)
        at = (day[inside] - first_day + 1, product[inside])
        sums = np.zeros((2, days + 1, products))
        np.add.at(sums[0], at, quantity[inside])
        np.add.at(sums[1], at, revenue[inside])
        return cls(first_day, *np.cumsum(sums, axis=1))

    def between(
        self, start: IntArray | int, stop: IntArray | int, product: IntArray
    ) -> tuple[FloatArray, FloatArray]:
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
    """Figures with their 80 % intervals; arrays (3, n) in the order of `FIGURES`. Profit is nan without a cost."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray

    def times(self, factor: FloatArray) -> "Band":
        """Every figure times a positive factor (3, n)."""
        return Band(self.mean * factor, self.low * factor, self.high * factor)


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
    def share_interval(self) -> tuple[float, float]:
        return self.low, self.high

    @property
    def bias_percent(self) -> float:
        """How much more was realised than expected, in percent of what was expected; nan if that is not above 0."""
        return 100 * (self.realised / self.expected - 1) if self.expected > 0 else np.nan


def estimate_noise(
    units: FloatArray, revenue: FloatArray, shop: FloatArray, price: FloatArray, window: int
) -> Noise:
    """Estimate chance from the weeks before each change.

    Parameters
    ----------
    units, revenue : (n, K) of each product's weeks, oldest first; nan where a week does not count (before the
        first sale).
    shop : (n, K) units of the whole shop in the same weeks.
    price : (n,) mean price paid, for products without any sales.
    window : days to predict.

    Returns
    -------
    Noise
        How badly four weeks, moved with the shop, predicted the days after them at every week of the past; where
        there were few such origins, rather what the scatter of single weeks around the shop's movement says
        (Pearson's dispersion, McCullagh and Nelder 1989, section 4.5), and that in turn where there are few weeks
        rather what is usual.
    """
    counts = ~np.isnan(units) & (shop > 0)
    sold, paid, whole = (np.where(counts, each, 0.0) for each in (units, revenue, shop))
    total = np.maximum(whole.sum(axis=1, keepdims=True), 1e-9)
    rate, rate_paid = (each.sum(axis=1, keepdims=True) / total for each in (sold, paid))
    mean = whole * rate
    scatter = _moments(sold - mean, paid - whole * rate_paid, mean)
    residual_df = np.maximum((mean > 0).sum(axis=1) - 1.0, 0.0)
    usual = USUAL_DISPERSION * np.array([np.ones_like(price), price, price**2])
    of_weeks = (scatter.sum(axis=2) + PRIOR_WEEKS * usual) / (residual_df + PRIOR_WEEKS)

    ahead = max(window // DAYS_A_WEEK, 1)
    origin = np.arange(MONTH_WEEKS, units.shape[1] - ahead + 1)

    def before_and_after(weeks: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sums over the four weeks before each origin and over the weeks to predict, (n, origins)."""
        sums = np.concatenate([np.zeros((weeks.shape[0], 1)), np.cumsum(weeks, axis=1)], axis=1)
        return sums[:, origin] - sums[:, origin - MONTH_WEEKS], sums[:, origin + ahead] - sums[:, origin]

    before, after = before_and_after(counts.astype(np.float64))
    full = (before == MONTH_WEEKS) & (after == ahead)
    (b, a), (b_paid, a_paid), (b_whole, a_whole) = (before_and_after(each) for each in (sold, paid, whole))
    ratio = np.where(full, a_whole / np.where(full, b_whole, 1.0), 0.0)
    exposed = ratio * (1 + ratio) * b_whole * rate
    errors = _moments(a - ratio * b, a_paid - ratio * b_paid, exposed)
    origins = (exposed > 0).sum(axis=1)
    weight = origins / (OVERLAPPING_ORIGINS * ahead)
    of_origins = errors.sum(axis=2) / np.maximum(origins, 1)
    return Noise(*((of_origins * weight + of_weeks * PRIOR_ORIGINS) / (weight + PRIOR_ORIGINS)))


def _moments(error: FloatArray, error_paid: FloatArray, mean: FloatArray) -> FloatArray:
    """Squares and products (3, n, K) of errors of units and revenue per expected unit; 0 where none was expected."""
    inverse = np.where(mean > 0, 1 / np.where(mean > 0, mean, 1.0), 0.0)
    return np.array([error * error, error * error_paid, error_paid * error_paid]) * inverse


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
    baseline : units expected of 30 days like those before, at the price then.
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
    # The noise of the window itself, and that of the 30 days it is predicted from. Both scatter to the side of many
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
    low_z, high_z = _standard_interval(third_moment / np.maximum(spread[0], _TINY) ** 3)
    few, many = np.floor(np.maximum(mean[0] + low_z * spread[0], 0.0)), np.ceil(mean[0] + high_z * spread[0])
    falling = values < 0
    low = mean + spread * np.where(falling, -high_z, low_z)
    high = mean + spread * np.where(falling, -low_z, high_z)
    # Units are whole: the interval contains every whole number that it touches.
    whole = np.sort(np.array([values * few, values * many]), axis=0)
    low, high = np.minimum(low, whole[0]), np.maximum(high, whole[1])
    low[0], high[0] = few, many
    low[1] = np.maximum(low[1], 0.0)
    return Band(mean, low, high)


def _standard_interval(skewness: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The middle 80 % (n,) of a standardised gamma variable of some skewness (Pearson's type III)."""
    from scipy.special import gammaincinv

    shape = 4 / np.maximum(skewness, _LEAST_SKEWNESS) ** 2
    tails = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])[:, None]
    with np.errstate(under="ignore"):
        low, high = (gammaincinv(shape, tails) - shape) / np.sqrt(shape)
    normal = skewness <= _LEAST_SKEWNESS
    # A variable that is hardly ever above 0 has its mean beyond these quantiles; an interval is to hold its own mean.
    return np.where(normal, -Z_80, low), np.where(normal, Z_80, np.maximum(high, 0.0))


def season(rest_before: FloatArray, rest_after: FloatArray, days: IntArray) -> tuple[FloatArray, BoolArray]:
    """Return how the rest of the shop sold a day after a change in relation to the 30 days before, (n,).

    It is 1 where the rest sold too little in the 30 days to identify it, or no day of the window is there.

    Parameters
    ----------
    rest_before, rest_after : (n,) units of the rest in the 30 days and in the window.
    days : (n,) length of the window.

    Returns
    -------
    The factor, and whether it is identified.
    """
    identified = (rest_before >= LEAST_REST_UNITS) & (days > 0)
    before = np.where(identified, rest_before, 1.0) / MONTH_DAYS
    return np.where(identified, rest_after / np.maximum(days, 1) / before, 1.0), identified


def units_of_changed(
    sales: CumulativeSales, change_product: IntArray, change_day: IntArray, spans: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Units (n,) before and after of the products whose price changed anywhere between a record's first and last day.

    Parameters
    ----------
    sales : of all products whose price was ever changed.
    change_product, change_day : (m,) all changes of prices there were, by day.
    spans : (n, 4) of each record: first day of the 30 before and the day after them, first day of the window and the
        day after it.
    """
    unique, of = np.unique(spans, axis=0, return_inverse=True)
    sums = np.zeros((unique.shape[0], 2))
    for row, (start, stop, begin, end) in enumerate(unique):
        low, high = np.searchsorted(change_day, [start, max(end, stop)])
        changed = np.unique(change_product[low:high])
        sums[row] = sales.between(start, stop, changed)[0].sum(), sales.between(begin, end, changed)[0].sum()
    return sums[of.ravel(), 0], sums[of.ravel(), 1]


def inside(band: Band, realised: FloatArray) -> BoolArray:
    """Whether realised figures (3, n) lie in their intervals, to the cent."""
    return (realised >= band.low - _HALF_A_CENT) & (realised <= band.high + _HALF_A_CENT)


def calibrate(band: Band, realised: FloatArray, judged: BoolArray, figure: int) -> Calibration:
    """Count how often a figure fell within its interval.

    Parameters
    ----------
    realised : (3, n)
    judged : (n,) which changes count; those whose figure is not known are left out.
    figure : place in `FIGURES`.
    """
    mean, found = band.mean[figure], realised[figure]
    counts = judged & ~np.isnan(mean) & ~np.isnan(found)
    count, within = int(counts.sum()), int((counts & inside(band, realised)[figure]).sum())
    totals = float(mean[counts].sum()), float(found[counts].sum())
    return Calibration(count, within, *binomial_interval(within, count), *totals)


def binomial_interval(within: int, count: int) -> tuple[float, float, float]:
    """A share and its 95 % interval (Wilson 1927, Journal of the American Statistical Association 22); nan of none."""
    if not count:
        return np.nan, np.nan, np.nan
    share = within / count
    middle = (share + Z_95**2 / (2 * count)) / (1 + Z_95**2 / count)
    half = Z_95 / (1 + Z_95**2 / count) * np.sqrt(share * (1 - share) / count + Z_95**2 / (4 * count**2))
    return share, max(middle - half, 0.0), min(middle + half, 1.0)
