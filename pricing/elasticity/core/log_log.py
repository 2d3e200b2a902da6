"""Log-log demand regression, ln Q = b0 + b1 ln P, by ordinary least squares for all products at once."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import group_sums

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


def regression_rows(price: FloatArray, quantity: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Which days enter a regression, (n,): those with sales at a positive price; and the prices to 4 decimals, (n,)."""
    rounded = np.round(price, PRICE_DECIMALS)
    return (quantity > 0) & (rounded > 0), rounded


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
    entered, rounded = regression_rows(price, quantity)
    product, rounded, quantity = product[entered], rounded[entered], quantity[entered]
    n = np.bincount(product, minlength=products)
    one_price = np.zeros(products)
    one_price[product] = rounded
    price_varies = np.bincount(product[rounded != one_price[product]], minlength=products) > 0
    usable = price_varies & (n >= min_sold_days)
    kept = usable[product]
    group = (np.cumsum(usable) - 1)[product[kept]]
    columns = _regress(group, np.log(rounded[kept]), np.log(quantity[kept]), n[usable], level)
    everyone = {name: np.full(products, np.nan) for name in columns}
    for name, values in columns.items():
        everyone[name][usable] = values
    return LogLogFit(usable=usable, price_varies=price_varies, n=n, **everyone)


def _regress(
    group: IntArray, x: FloatArray, y: FloatArray, n: IntArray, level: float
) -> dict[str, FloatArray]:
    """Coefficients of y on x for each of G groups, from sums about the means: a price that hardly moves loses no digits.

    Parameters
    ----------
    group, x, y : (m,).
    n : (G,) members of each group.
    """
    from scipy.special import stdtr, stdtrit

    def mean(values: FloatArray) -> FloatArray:
        # Refined once: equal values get exactly their value, so that syy is 0 for them.
        rough = group_sums(group, values, n.size) / n
        return rough + group_sums(group, values - rough[group], n.size) / n

    mean_x, mean_y = mean(x), mean(y)
    x, y = x - mean_x[group], y - mean_y[group]
    sxx, sxy, syy = (group_sums(group, values, n.size) for values in (x * x, x * y, y * y))
    slope = sxy / sxx
    residual_squares = group_sums(group, (y - slope[group] * x) ** 2, n.size)
    residual_df = n - 2.0
    std_error = np.sqrt(residual_squares / residual_df / sxx)
    flat = syy == 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        t_value = np.where(flat, 0.0, slope / std_error)
        # Explained over total rather than 1 - residual / total, which has no digits left when R^2 is tiny.
        r_squared = np.where(flat, 0.0, slope * sxy / syy)
    margin = stdtrit(residual_df, 0.5 + level / 2.0) * std_error
    return {
        "elasticity": slope,
        "intercept": mean_y - slope * mean_x,
        "std_error": std_error,
        "t_value": t_value,
        "p_value": 2.0 * stdtr(residual_df, -np.abs(t_value)),
        "ci_low": slope - margin,
        "ci_high": slope + margin,
        "r_squared": np.minimum(r_squared, 1.0),
    }
