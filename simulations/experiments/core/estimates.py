"""What an experiment found: differences between the two prices, by the randomisation.

Both designs draw within pairs, one of each pair at either price. Given everything that would have sold anyway, the difference
within a pair is the effect plus noise whose sign is the coin's: pairs are independent and their mean is unbiased, however
sales hang together over time (Imbens & Rubin 2015, ch. 10).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import FloatArray, IntArray

SLOPE_PAIRS: Final = 10
"""From this many pairs on the weight of the past is estimated; with fewer it is 1, a plain difference in differences."""

ZERO: Final = 0.5
"""Added to counts before their logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect: a log ratio of units, or currency a week; `df` degrees of freedom of its error.

    All of them are arrays of one shape where many experiments are estimated at once.
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray

    def interval(self, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
        """The interval of a fixed moment, by Student's t."""
        half = critical(self.df, (1 - level) / 2) * self.std_error
        return self.estimate - half, self.estimate + half

    @property
    def spread(self) -> FloatArray:
        """Standard deviation of the error, that of Student's t: infinite with two degrees of freedom or fewer.

        It is what the estimate weighs beside others by: a standard error from few pairs is too small as often as too
        large, and where it is too small it would count for too much.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            wider = np.sqrt(self.df / (self.df - 2))
        return np.asarray(self.std_error * np.where(self.df > 2, wider, np.inf))

    @property
    def p_value(self) -> FloatArray:
        """Two-sided."""
        from scipy.special import stdtr

        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(self.estimate / self.std_error)
        return np.asarray(2 * stdtr(self.df, -t))


def critical(df: FloatArray, tail: FloatArray | float) -> FloatArray:
    """Student's t that is exceeded with a probability of `tail`."""
    from scipy.special import stdtrit

    return np.asarray(-stdtrit(df, tail))


def t_of_z(df: FloatArray, z: FloatArray) -> FloatArray:
    """Student's t as improbable as a standard normal score z >= 0."""
    from scipy.special import ndtr

    return critical(df, ndtr(-np.asarray(z)))


def log_ratio(treated: FloatArray, control: FloatArray) -> Effect:
    """Log of all that sold at the new price over all that sold at the other (switchback).

    The error is the linearised ratio's (delta method), clustered by pair of periods, with the spread of pairs around
    their own group's mean; degrees of freedom by Satterthwaite (1946).

    Parameters
    ----------
    treated, control : (..., G, K) sums of G groups in K pairs of periods.

    Returns
    -------
    (...); nan where a price sold nothing or there are fewer than two pairs.
    """
    at_new, at_old = treated.sum(axis=(-2, -1)), control.sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.log(at_new / at_old)
        share = treated / at_new[..., None, None] - control / at_old[..., None, None]
    variance, df = _sum_of_groups(share)
    return _known(estimate, variance, df)


def mean_difference(treated: FloatArray, control: FloatArray) -> Effect:
    """What all groups together make more a period at the new price (switchback); parameters as `log_ratio`."""
    difference = treated - control
    pairs = difference.shape[-1]
    variance, df = _sum_of_groups(difference)
    estimate = difference.mean(axis=-1).sum(axis=-1) if pairs else np.full(difference.shape[:-2], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _known(estimate, variance / np.square(float(pairs)), df)


def _sum_of_groups(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Variance of the sum over (..., G, K) with pairs independent and a mean of each group's own, and its df."""
    pairs = values.shape[-1]
    if pairs < 2:
        missing = np.full(values.shape[:-2], np.nan)
        return missing, missing
    around = values - values.mean(axis=-1, keepdims=True)
    of_group = pairs / (pairs - 1) * np.square(around).sum(axis=-1)
    total = of_group.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.square(total) * (pairs - 1) / np.square(of_group).sum(axis=-1)
    return total, df


def adjusted_pairs(difference: FloatArray, past: FloatArray | None = None) -> Effect:
    """Mean difference within pairs of groups, adjusted by the same difference in the past (clusters).

    The intercept of a regression on the past's difference (CUPED, Deng, Xu, Kohavi & Walker 2013; in pairs, Fogarty 2018),
    with the HC2 error of MacKinnon & White (1985), which is the randomisation's; see `SLOPE_PAIRS`.

    Parameters
    ----------
    difference : (..., P) new price minus other.
    past : (..., P) the same before the experiment; None: not adjusted.
    """
    pairs = difference.shape[-1]
    if pairs < 2:
        missing = np.full(difference.shape[:-1], np.nan)
        return Effect(missing, missing, missing)
    if past is None or pairs < SLOPE_PAIRS:
        left = difference - (0 if past is None else past)
        variance = left.var(axis=-1, ddof=1) / pairs
        return _known(left.mean(axis=-1), variance, np.full(variance.shape, pairs - 1.0))
    centre = past.mean(axis=-1, keepdims=True)
    around = past - centre
    spread = np.square(around).sum(axis=-1, keepdims=True)
    spread = np.where(spread > 0, spread, 1.0)
    slope = (around * difference).sum(axis=-1, keepdims=True) / spread
    intercept = difference.mean(axis=-1, keepdims=True) - slope * centre
    residual = difference - intercept - slope * past
    # Row of (X'X)^-1 X' that makes the intercept, and the leverages.
    weight = 1 / pairs - centre * around / spread
    leverage = 1 / pairs + np.square(around) / spread
    variance = (np.square(weight * residual) / (1 - leverage)).sum(axis=-1)
    return _known(intercept[..., 0], variance, np.full(variance.shape, pairs - 2.0))


def unit_differences(
    during: FloatArray, earlier: FloatArray, pairs: IntArray, sign: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log units at the new price less at the other, (P,) by pair of groups: during the experiment, and before.

    Parameters
    ----------
    during, earlier : (G,) units. pairs : (P, 2) groups. sign : (P,) 1 where the first of the pair has the new price, else -1.
    """
    return _within(np.log(during + ZERO), pairs, sign), _within(np.log(earlier + ZERO), pairs, sign)


def money_differences(
    during: FloatArray, earlier: FloatArray, size: FloatArray, pairs: IntArray, sign: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The same of money a week, each group weighed to the size of all: the mean is what all groups together gain a week.

    Parameters
    ----------
    during, earlier : (G,) currency a week. size : (G,) revenue a week before; groups without any count as the smallest.
    """
    positive = size[size > 0]
    scale = size.sum() / np.maximum(size, positive.min() if positive.size else 1.0)
    return _within(during * scale, pairs, sign), _within(earlier * scale, pairs, sign)


def _within(values: FloatArray, pairs: IntArray, sign: FloatArray) -> FloatArray:
    return np.asarray(sign * (values[pairs[:, 0]] - values[pairs[:, 1]]))


def _known(estimate: FloatArray, variance: FloatArray, df: FloatArray) -> Effect:
    good = np.isfinite(estimate) & np.isfinite(variance) & (variance > 0)
    nan = np.nan
    return Effect(
        np.where(good, estimate, nan), np.sqrt(np.where(good, variance, nan)), np.where(good, df, nan)
    )
