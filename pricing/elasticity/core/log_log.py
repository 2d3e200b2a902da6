"""Log-log demand regression, ln Q = b0 + b1 ln P, by ordinary least squares for all products at once."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.lines import BoolArray, FloatArray, IntArray, group_sums

MIN_SOLD_DAYS: Final = 30
PRICE_DECIMALS: Final = 4
CONFIDENCE_LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class LogLogFit:
    """One regression for each of the P products; every array is (P,), nan where `usable` is false.

    Attributes
    ----------
    usable : enough sold days and at least two distinct prices.
    price_varies : at least two distinct prices, however few the days.
    n : sold days that entered (or would have entered) the regression.
    elasticity : b1, the percent change of units for a price change of one percent.
    intercept : b0, log units per day at a price of 1.
    std_error : standard error of the elasticity.
    t_value, p_value : two-sided test of elasticity = 0 with n - 2 degrees of freedom.
    ci_low, ci_high : interval of the elasticity from Student's t.
    r_squared : explained / total sum of squares (fraction).
    """

    usable: BoolArray
    price_varies: BoolArray
    n: IntArray
    elasticity: FloatArray
    intercept: FloatArray
    std_error: FloatArray
    t_value: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    r_squared: FloatArray


@dataclass(frozen=True, slots=True)
class _Moments:
    """Means, sums of squares and products about them, and residual sums of squares of k products."""

    n: IntArray
    mean_x: FloatArray
    mean_y: FloatArray
    sxx: FloatArray
    sxy: FloatArray
    syy: FloatArray
    ssr: FloatArray


def fit_log_log(
    product: IntArray,
    price: FloatArray,
    quantity: FloatArray,
    products: int,
    *,
    min_sold_days: int = MIN_SOLD_DAYS,
    level: float = CONFIDENCE_LEVEL,
) -> LogLogFit:
    """Regress log daily units on log daily price, product by product (ordinary least squares).

    Days without sales or without a positive price do not enter; prices are rounded to 4 decimals first. Where
    every day sold the same number of units, the elasticity and its standard error are 0, R^2 and t are 0, p
    is 1.

    Parameters
    ----------
    product, price, quantity : (n,) product index, mean price paid and units, one entry per product and day in
        any order. nan in price means unknown.
    products : number of products P.
    min_sold_days : sold days a product needs, 3 at least.
    level : confidence level of the interval (fraction).

    Raises
    ------
    ValueError : if `min_sold_days` is below 3 (no standard error exists) or `level` is not inside (0, 1).
    """
    if min_sold_days < 3:
        raise ValueError("A regression with a standard error needs at least 3 sold days.")
    if not 0.0 < level < 1.0:
        raise ValueError("A confidence level lies between 0 and 1.")
    rounded = np.round(price, PRICE_DECIMALS)
    sold = (quantity > 0) & (rounded > 0)
    product, rounded, quantity = product[sold], rounded[sold], quantity[sold]

    n = np.bincount(product, minlength=products)
    price_varies = _varies(product, rounded, products)
    usable = price_varies & (n >= min_sold_days)
    kept = usable[product]
    place = np.cumsum(usable) - 1
    moments = _moments(
        place[product[kept]], np.log(rounded[kept]), quantity[kept].astype(np.float64), int(usable.sum())
    )
    columns = {name: _spread(values, usable) for name, values in _coefficients(moments, level).items()}
    return LogLogFit(usable=usable, price_varies=price_varies, n=n, **columns)


def _moments(group: IntArray, x: FloatArray, quantity: FloatArray, groups: int) -> _Moments:
    """Sums about the mean, in two passes so that a price that hardly moves loses no digits."""
    n = np.bincount(group, minlength=groups)
    y = np.log(quantity)
    mean_x, mean_y = _means(group, x, n), _means(group, y, n)
    x = x - mean_x[group]
    y = y - mean_y[group]
    sxx, sxy, syy = (group_sums(group, product, groups) for product in (x * x, x * y, y * y))
    residual = y - (sxy / sxx)[group] * x
    return _Moments(n, mean_x, mean_y, sxx, sxy, syy, group_sums(group, residual * residual, groups))


def _coefficients(moments: _Moments, level: float) -> dict[str, FloatArray]:
    from scipy.special import stdtr, stdtrit

    slope = moments.sxy / moments.sxx
    degrees = moments.n - 2.0
    std_error = np.sqrt(moments.ssr / degrees / moments.sxx)
    flat = moments.syy == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        t_value = np.where(flat, 0.0, slope / std_error)
        # Explained over total rather than 1 - residual / total, which has no digits left when R^2 is tiny.
        r_squared = np.where(flat, 0.0, slope * moments.sxy / moments.syy)
    margin = stdtrit(degrees, 0.5 + level / 2.0) * std_error
    return {
        "elasticity": slope,
        "intercept": moments.mean_y - slope * moments.mean_x,
        "std_error": std_error,
        "t_value": t_value,
        "p_value": 2.0 * stdtr(degrees, -np.abs(t_value)),
        "ci_low": slope - margin,
        "ci_high": slope + margin,
        "r_squared": np.minimum(r_squared, 1.0),
    }


def _means(group: IntArray, values: FloatArray, n: IntArray) -> FloatArray:
    """Mean of every group, refined once: equal values get exactly their value, so that syy is 0 for them."""
    rough = group_sums(group, values, n.size) / n
    return rough + group_sums(group, values - rough[group], n.size) / n


def _varies(group: IntArray, values: FloatArray, groups: int) -> BoolArray:
    """Whether a group holds two different values, (G,)."""
    any_one = np.zeros(groups)
    any_one[group] = values
    return np.bincount(group[values != any_one[group]], minlength=groups) > 0


def _spread(values: FloatArray, usable: BoolArray) -> FloatArray:
    """Put the usable products' values back into their places among all products."""
    everyone = np.full(usable.size, np.nan)
    everyone[usable] = values
    return everyone
